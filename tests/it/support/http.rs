//! A caller with a token, speaking HTTP to the real server.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

/// The mount of the API.
pub const MOUNT: &str = approdo::app::MOUNT;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    pub fn id(&self) -> String {
        self.json()["id"].as_str().expect("an id").to_owned()
    }
}

/// Speaks to one server, as one caller or as nobody.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
    /// Whether an `Idempotency-Key` goes with each POST, as machine clients must.
    keyed: bool,
    /// What each request states as its purpose.
    purpose: Option<String>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_redirects(0)
            .build()
            .new_agent();
        Self { agent, base: base.to_owned(), token: None, keyed: false, purpose: None }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller, who states what the requests are for.
    pub fn stating(&self, purpose: &str) -> Self {
        Self { purpose: Some(purpose.to_owned()), ..self.clone() }
    }

    pub fn keyed(&self) -> Self {
        Self { keyed: true, ..self.clone() }
    }

    /// Where the paths of the contract begin.
    pub fn mount(&self) -> String {
        format!("{}{MOUNT}", self.base)
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// The same caller at another process of the deployment.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// Any request. `path` is under the mount unless it begins with `//`, which stands for the server's root.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let url = match path.strip_prefix("//") {
            Some(path) => format!("{}/{path}", self.base),
            None if path.starts_with("http") => path.to_owned(),
            None => format!("{}{MOUNT}{path}", self.base),
        };
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if self.keyed && method == "POST" && !headers.iter().any(|(name, _)| *name == "idempotency-key") {
            request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        }
        if let Some(purpose) = &self.purpose {
            request = request.header("access-purpose", purpose);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.map(<[u8]>::to_vec).unwrap_or_default()).expect("a well-formed request");
        let mut response = self.agent.run(request)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.body_mut().read_to_string()?;
        Ok(Answer { status, headers, text })
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// A GET with its answer's bytes as they came over the wire.
    #[track_caller]
    pub fn get_raw(&self, path: &str, accept_encoding: &str) -> (Answer, Vec<u8>) {
        let request = Request::builder()
            .uri(format!("{}{MOUNT}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token()))
            .header("accept-encoding", accept_encoding)
            .body(())
            .expect("a well-formed request");
        let mut response = self.agent.run(request).expect("an answer");
        let body = response.body_mut().read_to_vec().expect("a body");
        let answer =
            Answer { status: response.status().as_u16(), headers: response.headers().clone(), text: String::new() };
        (answer, body)
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub fn post_matching(&self, path: &str, if_match: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("if-match", if_match)];
        self.send("POST", path, &headers, Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("content-type", "application/json")], Some(body.to_string().as_bytes()))
    }

    /// Sends a file.
    #[track_caller]
    pub fn put_file(&self, path: &str, if_match: &str, media_type: &str, bytes: &[u8]) -> Answer {
        self.send("PUT", path, &[("content-type", media_type), ("if-match", if_match)], Some(bytes))
    }

    pub fn patch(&self, path: &str, if_match: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/merge-patch+json"), ("if-match", if_match)];
        self.send("PATCH", path, &headers, Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub fn delete(&self, path: &str, if_match: &str) -> Answer {
        self.send("DELETE", path, &[("if-match", if_match)], None)
    }

    #[track_caller]
    pub fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = form
            .iter()
            .map(|(name, value)| {
                format!("{name}={}", value.replace('%', "%25").replace('&', "%26").replace(' ', "%20"))
            })
            .collect::<Vec<_>>()
            .join("&");
        self.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], Some(body.as_bytes()))
    }
}
