//! Tags, of whatever has some.

use crate::{
    answer::{Fields, Node},
    model::{Model, fault::Fault, params::Params, state::Tags},
};

/// No resource may have more.
const TAGS_MAX: usize = 50;

impl Model {
    pub(crate) fn create_tags(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["ResourceId", "Tag"])?;
        let tags = params.tags()?;
        let ids = params.list("ResourceId");
        if ids.is_empty() || tags.is_empty() {
            return Err(Fault::missing("ResourceId and Tag"));
        }
        for id in &ids {
            let mut all = self.tags_of(region, id)?.clone();
            all.extend(tags.clone());
            if all.len() > TAGS_MAX {
                return Err(Fault::new(
                    400,
                    "TagLimitExceeded",
                    format!("{id} cannot have more than {TAGS_MAX} tags."),
                ));
            }
        }
        for id in ids {
            self.tags_of(region, id)?.extend(tags.clone());
        }
        Ok(Fields::default().text("return", true).done())
    }

    fn tags_of(&mut self, region: &str, id: &str) -> Result<&mut Tags, Fault> {
        match id.split('-').next() {
            Some("i") => {
                self.instance(region, id)?;
                let found = self.world.instances.get_mut(id).map(|it| &mut it.tags);
                found.ok_or_else(|| Fault::instance_not_found(id))
            }
            Some("vol") => {
                self.volume(region, id)?;
                let found = self.world.volumes.get_mut(id).map(|it| &mut it.tags);
                found.ok_or_else(|| Fault::volume_not_found(id))
            }
            Some("snap") => {
                self.snapshot(region, id)?;
                let found = self.world.snapshots.get_mut(id).map(|it| &mut it.tags);
                found.ok_or_else(|| Fault::snapshot_not_found(id))
            }
            _ => Err(Fault::new(
                400,
                "InvalidID",
                format!("The ID '{id}' is not valid"),
            )),
        }
    }
}
