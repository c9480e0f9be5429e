//! Images: made of a snapshot of a root, described, taken away.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        lookup::{Shown, asked, listed, tag_set},
        params::Params,
        state::{Image, SnapshotStatus, Tags},
    },
};

const TAKEN: [&str; 8] = [
    "Architecture",
    "BlockDeviceMapping",
    "BootMode",
    "EnaSupport",
    "Name",
    "RootDeviceName",
    "TagSpecification",
    "VirtualizationType",
];

impl Shown for Image {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "image-id" => vec![self.id.clone()],
            "name" => vec![self.name.clone()],
            "state" => vec!["available".to_owned()],
            _ => return None,
        })
    }
}

impl Model {
    /// An image is there at once. Its name is the only one of its Region.
    pub(crate) fn register_image(&mut self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&TAKEN)?;
        let name = params.required("Name")?.to_owned();
        let root_device = params.required("RootDeviceName")?.to_owned();
        let mut here = self.images.values().filter(|image| image.region == region);
        if let Some(other) = here.find(|image| image.name == name) {
            return Err(Fault::new(
                400,
                "InvalidAMIName.Duplicate",
                format!("AMI name {name} is already in use by AMI {}", other.id),
            ));
        }
        let tags = params.tags_for("image", &["image", "snapshot"])?;
        let mut mapping = params.each("BlockDeviceMapping").into_iter();
        let root = mapping.find(|entry| entry.optional("DeviceName") == Some(&root_device));
        let root = root.ok_or_else(|| Fault::missing("BlockDeviceMapping of the root device"))?;
        let snapshot = root.within("Ebs");
        let snapshot = self.snapshot(region, snapshot.required("SnapshotId")?)?;
        if snapshot.status != SnapshotStatus::Completed {
            return Err(Fault::state(format!(
                "Snapshot is in invalid state - {}",
                snapshot.status.as_str()
            )));
        }
        let (snapshot, size_gib) = (snapshot.id.clone(), snapshot.size_gib);
        let id = self.ids.new_id("ami");
        let image = Image {
            id: id.clone(),
            region: region.to_owned(),
            name,
            root_device,
            size_gib,
            snapshot: Some(snapshot),
            tags,
        };
        self.images.insert(id.clone(), image);
        Ok(Fields::default().text("imageId", id).done())
    }

    /// Its snapshot stays.
    pub(crate) fn deregister_image(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&["ImageId"])?;
        let id = self.image(region, params.required("ImageId")?)?.id.clone();
        self.images.remove(&id);
        Ok(Fields::default().text("return", true).done())
    }

    pub(crate) fn describe_images(&self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&["ImageId", "Filter", "MaxResults", "NextToken", "Owner"])?;
        let all = self.images.values().filter(|image| image.region == region);
        let (found, next) = asked(all, params, "ImageId", |id| {
            Fault::not_found("InvalidAMIID", "image id", id)
        })?;
        let items = found.into_iter().map(|image| {
            Fields::default()
                .text("imageId", &image.id)
                .text("imageState", "available")
                .text("imageOwnerId", &self.settings.account)
                .text("name", &image.name)
                .text("rootDeviceName", &image.root_device)
                .text("rootDeviceType", "ebs")
                .some("tagSet", tag_set(&image.tags))
                .done()
        });
        Ok(listed("imagesSet", items, next))
    }
}
