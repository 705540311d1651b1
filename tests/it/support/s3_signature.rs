//! Signatures of presigned requests as S3 verifies them: AWS Signature Version 4, written down from its specification and not from
//! what the product signs with.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::files::hexadecimal;

/// A request as it came.
pub struct Signed<'a> {
    pub method: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub query: &'a str,
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (*first, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => text + &char::from(byte).to_string(),
        byte => format!("{text}%{byte:02X}"),
    })
}

impl Signed<'_> {
    /// Whether it is signed with this key and secret, for now.
    pub fn is_right(&self, access_key: &str, secret_key: &str, now: DateTime<Utc>) -> bool {
        let mut pairs: Vec<(String, String)> = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(n, v)| (decoded(n), decoded(v)))
            .collect();
        pairs.sort();
        let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
        let (date, scope) = (value("X-Amz-Date"), value("X-Amz-Credential").split_once('/'));
        let Some((key, scope)) = scope else { return false };
        let Ok(from) = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ") else { return false };
        let lives = TimeDelta::seconds(value("X-Amz-Expires").parse().unwrap_or(0));
        let in_time = from.and_utc() <= now + TimeDelta::minutes(15) && now <= from.and_utc() + lives;
        let [day, region, service, end] = scope.split('/').collect::<Vec<_>>()[..] else { return false };
        let named = value("X-Amz-Algorithm") == "AWS4-HMAC-SHA256" && value("X-Amz-SignedHeaders") == "host";
        let of_s3 = (service, end) == ("s3", "aws4_request") && date.starts_with(day);

        let query: Vec<String> = pairs
            .iter()
            .filter(|(name, _)| name != "X-Amz-Signature")
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let request = format!(
            "{}\n{}\n{}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD",
            self.method,
            self.path,
            query.join("&"),
            self.host
        );
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hexadecimal(&Sha256::digest(request.as_bytes())));
        let key_of_day = hmac(format!("AWS4{secret_key}").as_bytes(), day);
        let signing = ["s3", "aws4_request"].iter().fold(hmac(&key_of_day, region), |key, part| hmac(&key, part));
        let signature = hexadecimal(&hmac(&signing, &to_sign));
        in_time && named && of_s3 && key == access_key && signature == value("X-Amz-Signature")
    }
}

/// The example of Amazon's documentation ("Authenticating Requests: Using Query Parameters").
#[test]
fn the_documented_signature_is_right_and_another_is_not() {
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
        &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let request = Signed { method: "GET", host: "examplebucket.s3.amazonaws.com", path: "/test.txt", query };
    let (key, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let then = "2013-05-24T12:00:00Z".parse().expect("an instant");
    assert!(request.is_right(key, secret, then));
    assert!(!request.is_right(key, "another", then));
    assert!(!request.is_right(key, secret, then + TimeDelta::days(1)));
    assert!(!Signed { path: "/other.txt", ..request }.is_right(key, secret, then));
}
