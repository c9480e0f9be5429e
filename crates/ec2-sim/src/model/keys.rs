//! Keys of KMS: names that they are asked by, and whether they can be used.

use crate::model::{Model, fault::Fault, params::Params, state::Key};

/// The alias of the key that a Region has without anybody's making it.
const DEFAULT_ALIAS: &str = "alias/aws/ebs";

impl Model {
    /// A Region's key for volumes that nobody named another one for.
    fn default_key(&self, region: &str) -> String {
        self.key_arn(region, "aws-ebs")
    }

    pub(crate) fn key_arn(&self, region: &str, id: &str) -> String {
        let account = &self.settings.account;
        format!("arn:aws:kms:{region}:{account}:key/{id}")
    }

    /// The ARN of the key that is meant by an id, an alias or an ARN.
    fn named_key(&self, region: &str, name: &str) -> String {
        if name == DEFAULT_ALIAS {
            return self.default_key(region);
        }
        let here = self.key_arn(region, "");
        let alias = name.rsplit_once(":alias/").map(|(_, alias)| alias);
        if let Some(alias) = alias.or_else(|| name.strip_prefix("alias/")) {
            let found = self
                .keys
                .iter()
                .find(|key| key.arn.starts_with(&here) && key.alias.as_deref() == Some(alias));
            return found.map_or_else(|| self.key_arn(region, alias), |key| key.arn.clone());
        }
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        self.key_arn(region, name)
    }

    /// Whether a key is there and may be used.
    pub(crate) fn is_accessible(&self, arn: &str) -> bool {
        let planted = self.keys.iter().find(|key| key.arn == arn);
        planted.map_or(arn.ends_with(":key/aws-ebs"), |key| key.is_accessible)
    }

    /// Whether something of that Region can use it.
    pub(crate) fn is_accessible_in(&self, region: &str, arn: &str) -> bool {
        arn.starts_with(&self.key_arn(region, "")) && self.is_accessible(arn)
    }

    /// The key that something is made with which is made from `origin`: its key, if it had one, in the same Region or not.
    ///
    /// `Encrypted` without a key means the Region's own one. What comes from something encrypted is always encrypted.
    pub(crate) fn key_for(
        &self,
        region: &str,
        params: &Params,
        origin: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        let encrypted = params.flag("Encrypted")?;
        let named = params.optional("KmsKeyId");
        if named.is_some() && encrypted == Some(false) {
            return Err(Fault::new(
                400,
                "InvalidParameterDependency",
                "The parameter KmsKeyId requires the parameter Encrypted to be set.",
            ));
        }
        if let Some(named) = named {
            return Ok(Some(self.named_key(region, named)));
        }
        let here = self.key_arn(region, "");
        Ok(match origin {
            Some(origin) if origin.starts_with(&here) => Some(origin.to_owned()),
            Some(_) => Some(self.default_key(region)),
            None if encrypted == Some(true) => Some(self.default_key(region)),
            None => None,
        })
    }

    /// Makes a key, or lets it be used or not.
    pub(crate) fn put_key(&mut self, key: Key) {
        self.keys.retain(|before| before.arn != key.arn);
        self.keys.push(key);
    }
}
