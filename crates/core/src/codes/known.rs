//! The codes that can be chosen, as every process of the deployment holds them.

use std::collections::HashMap;
use std::sync::Arc;

use approdo_db::schema::{code_list_versions, code_lists};
use approdo_db::{Connection, Json};
use diesel::prelude::*;
use parking_lot::RwLock;

use crate::app::App;
use crate::codes::{Requirement, items_of};
use crate::error::{ApiError, ApiResult};

/// The list whose codes say what a case of theirs requires.
pub const TARGET_GROUPS: &str = "target_groups";

#[derive(Debug, Default, PartialEq)]
struct Known {
    versions: HashMap<String, i64>,
    /// The codes of each list that are not retired, with what they require.
    codes: HashMap<String, HashMap<String, Vec<Requirement>>>,
}

/// The codes that can be chosen. A new version is known at once in the process that published it, in others within a second.
#[derive(Debug, Default)]
pub struct KnownCodes(RwLock<Arc<Known>>);

impl KnownCodes {
    pub fn load(connection: &mut Connection) -> ApiResult<Self> {
        let codes = Self::default();
        codes.follow(connection)?;
        Ok(codes)
    }

    /// Takes up the versions that have been published since.
    pub fn follow(&self, connection: &mut Connection) -> ApiResult<()> {
        let versions: HashMap<String, i64> =
            code_lists::table.select((code_lists::name, code_lists::version)).load(connection)?.into_iter().collect();
        if versions == self.0.read().versions {
            return Ok(());
        }
        let present =
            code_list_versions::list_name.eq(code_lists::name).and(code_list_versions::version.eq(code_lists::version));
        let rows: Vec<(String, i64, Json)> = code_lists::table
            .inner_join(code_list_versions::table.on(present))
            .select((code_lists::name, code_lists::version, code_list_versions::items))
            .load(connection)?;
        let mut known = Known::default();
        for (list, version, items) in rows {
            let chosen = items_of(items)?.into_iter().filter(|item| !item.retired);
            known.codes.insert(list.clone(), chosen.map(|item| (item.code, item.requires)).collect());
            known.versions.insert(list, version);
        }
        *self.0.write() = Arc::new(known);
        Ok(())
    }

    /// Whether a list has this code, not retired.
    pub fn contains(&self, list: &str, code: &str) -> bool {
        self.0.read().codes.get(list).is_some_and(|codes| codes.contains_key(code))
    }

    /// What a case of this target group requires. Nothing, where the group is retired.
    pub fn requirements(&self, target_group: &str) -> Vec<Requirement> {
        let known = self.0.read();
        known.codes.get(TARGET_GROUPS).and_then(|codes| codes.get(target_group)).cloned().unwrap_or_default()
    }
}

/// Takes up what other processes have published.
pub fn follow(app: &App) -> ApiResult<()> {
    app.read_now(|connection| app.codes.follow(connection))
}

/// Which members of a row are held against their lists: one that keeps a code that was retired since is not refused.
#[derive(Clone, Copy)]
pub struct Codes<'a> {
    app: &'a App,
    changed: Option<&'a [&'static str]>,
}

/// For a new row: every member.
pub fn of_new(app: &App) -> Codes<'_> {
    Codes { app, changed: None }
}

/// For an edited row: the members that changed.
pub fn of_changed<'a>(app: &'a App, changed: &'a [&'static str]) -> Codes<'a> {
    Codes { app, changed: Some(changed) }
}

impl Codes<'_> {
    /// 422 for a member whose code is not in its list.
    pub fn check(self, list: &str, member: &str, code: &str) -> ApiResult<()> {
        match self.changed {
            Some(changed) if !changed.contains(&member) => Ok(()),
            _ => check(self.app, list, member, code),
        }
    }

    /// The same, where the member is present.
    pub fn check_optional(self, list: &str, member: &str, code: Option<&str>) -> ApiResult<()> {
        code.map_or(Ok(()), |code| self.check(list, member, code))
    }
}

/// 422 for a member whose code is not in its list.
pub fn check(app: &App, list: &str, pointer: &str, code: &str) -> ApiResult<()> {
    if app.codes.contains(list, code) {
        Ok(())
    } else {
        Err(ApiError::invalid_member(pointer, format!("is not a code of the list {list}")))
    }
}

/// 422 for a member whose code is not in its list, where it is present.
pub fn check_optional(app: &App, list: &str, pointer: &str, code: Option<&str>) -> ApiResult<()> {
    code.map_or(Ok(()), |code| check(app, list, pointer, code))
}

/// The same for each item of an array.
pub fn check_all(app: &App, list: &str, pointer: &str, codes: &[String]) -> ApiResult<()> {
    codes.iter().enumerate().try_for_each(|(index, code)| check(app, list, &format!("{pointer}/{index}"), code))
}
