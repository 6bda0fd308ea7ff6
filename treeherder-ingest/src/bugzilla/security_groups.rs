//! Who may see security bugs of which product (§7.4).

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::client::Bugzilla;
use super::update::UpdateError;
use crate::store::Store;

/// What an update of the security groups did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroupUpdate {
    /// Products that have a group.
    pub products: usize,
    /// Products that were left out because a name is too long.
    pub failed: usize,
}

/// What of Bugzilla's configuration is needed.
#[derive(Debug, Deserialize)]
pub(super) struct Configuration {
    field: Fields,
    group: HashMap<String, Group>,
}

#[derive(Debug, Deserialize)]
struct Fields {
    product: Products,
}

#[derive(Debug, Deserialize)]
struct Products {
    values: Vec<Product>,
}

#[derive(Debug, Deserialize)]
struct Product {
    name: Option<String>,
    security_group_id: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Group {
    name: String,
}

impl Configuration {
    /// The name of the security group of each product that has one.
    fn groups(&self) -> BTreeMap<String, String> {
        let named = |product: &Product| {
            let group = self.group.get(&product.security_group_id?.to_string())?;
            Some((product.name.clone()?, group.name.clone()))
        };
        self.field.product.values.iter().filter_map(named).collect()
    }
}

/// Copies from Bugzilla's configuration which group may see the security bugs of which product; bugs about security are filed
/// for it.
///
/// # Errors
/// When Bugzilla cannot be asked or the database fails; nothing is changed then.
pub async fn update_security_groups(
    bugzilla: &Bugzilla,
    store: &Store,
) -> Result<SecurityGroupUpdate, UpdateError> {
    let groups = bugzilla.configuration().await?.groups();
    let failed = store.replace_security_groups(&groups).await?;
    if failed > 0 {
        tracing::error!(products = failed, "security groups with names of more than 60 characters left out");
    }
    Ok(SecurityGroupUpdate { products: groups.len() - failed, failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_without_a_known_group_have_none() {
        let configuration: Configuration = serde_json::from_value(serde_json::json!({
            "version": "x",
            "field": {"product": {"values": [
                {"name": "Core", "security_group_id": 12},
                {"name": "Toolkit", "security_group_id": 99},
                {"name": "Testing", "security_group_id": null},
                {"name": "Calendar"},
                {"security_group_id": 12},
            ]}, "status": {}},
            "group": {"12": {"name": "core-security", "description": "x"}},
        }))
        .unwrap();
        let expected = BTreeMap::from([("Core".to_owned(), "core-security".to_owned())]);
        assert_eq!(configuration.groups(), expected);
    }
}
