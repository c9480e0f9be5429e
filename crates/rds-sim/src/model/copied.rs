//! What a copy of a snapshot has of its source, be it of a cluster or of an instance.

use crate::model::{fault::Fault, key::ClusterKey, params::Params};

/// The key and the tags of a copy.
pub(crate) struct Copied {
    pub(crate) encrypted: bool,
    pub(crate) kms_key: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
}

impl Copied {
    /// Of a source with this key and these tags, in a Region.
    pub(crate) fn of(
        params: &Params,
        (from, region): (&ClusterKey, &str),
        (encrypted, kms_key, source_tags): (bool, &Option<String>, &[(String, String)]),
    ) -> Result<Self, Fault> {
        let given = params.owned("KmsKeyId");
        match &given {
            Some(key) => Fault::unless_key_of(region, key)?,
            None if encrypted && from.region != region => {
                return Err(Fault::key_of_source(&from.id, region));
            }
            None => {}
        }
        let mut tags = params.tags();
        if params.flag("CopyTags")?.unwrap_or(false) {
            tags.extend(source_tags.iter().cloned());
        }
        Ok(Self {
            encrypted: encrypted || given.is_some(),
            kms_key: given.or_else(|| kms_key.clone()),
            tags,
        })
    }
}
