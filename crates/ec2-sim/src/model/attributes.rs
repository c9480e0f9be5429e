//! An instance's attributes, one at a time.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        attachments::device_of,
        fault::Fault,
        instances::group_set,
        params::Params,
        state::{Instance, Power},
    },
};

/// What can be changed, and what only while the instance is stopped.
const CHANGEABLE: [&str; 9] = [
    "BlockDeviceMapping",
    "DisableApiStop",
    "DisableApiTermination",
    "EbsOptimized",
    "GroupId",
    "InstanceInitiatedShutdownBehavior",
    "InstanceType",
    "SourceDestCheck",
    "UserData",
];
const ONLY_WHILE_STOPPED: [&str; 3] = ["EbsOptimized", "InstanceType", "UserData"];

impl Model {
    pub(crate) fn modify_instance_attribute(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&[&CHANGEABLE[..], &["InstanceId"]].concat())?;
        let instance = self.instance(region, params.required("InstanceId")?)?;
        let id = instance.id.clone();
        let asked: Vec<_> = CHANGEABLE
            .into_iter()
            .filter(|name| !params.within(name).is_empty())
            .collect();
        let &[attribute] = asked.as_slice() else {
            return Err(Fault::invalid_combination(format!(
                "Exactly one attribute is changed at a time, and {} are named.",
                asked.len()
            )));
        };
        if instance.power.is_over() {
            return Err(Fault::instance_state(format!(
                "The instance '{id}' is terminated."
            )));
        }
        if ONLY_WHILE_STOPPED.contains(&attribute) && instance.power != Power::Stopped {
            return Err(Fault::instance_state(format!(
                "The instance '{id}' is not in the 'stopped' state."
            )));
        }
        if attribute == "BlockDeviceMapping" {
            self.modify_mapping(&id, &params.each("BlockDeviceMapping"))?;
        } else if let Some(instance) = self.world.instances.get_mut(&id) {
            modify(instance, attribute, &params.within(attribute))?;
        }
        Ok(Fields::default().text("return", true).done())
    }

    fn modify_mapping(&mut self, id: &str, mapping: &[Params]) -> Result<(), Fault> {
        for entry in mapping {
            entry.only(&["DeviceName", "Ebs"])?;
            let device = entry.required("DeviceName")?;
            let ebs = entry.within("Ebs");
            ebs.only(&["VolumeId", "DeleteOnTermination"])?;
            let deletes = ebs.flag("DeleteOnTermination")?;
            let there = self.volumes_at(id);
            let volume = there.iter().find(|volume| {
                let named = ebs.optional("VolumeId");
                device_of(volume) == Some(device) && named.is_none_or(|named| named == volume.id)
            });
            let Some(volume) = volume.map(|volume| volume.id.clone()) else {
                return Err(Fault::new(
                    400,
                    "InvalidInstanceAttributeValue",
                    format!("No device is currently mapped at {device}"),
                ));
            };
            let held = self.world.volumes.get_mut(&volume);
            if let Some(attachment) = held.and_then(|volume| volume.attachment.as_mut())
                && let Some(deletes) = deletes
            {
                attachment.delete_on_termination = deletes;
            }
        }
        Ok(())
    }

    pub(crate) fn describe_instance_attribute(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&["Attribute", "InstanceId"])?;
        let instance = self.instance(region, params.required("InstanceId")?)?;
        let attributes = &instance.attributes;
        let fields = Fields::default().text("instanceId", &instance.id);
        Ok(match params.required("Attribute")? {
            "blockDeviceMapping" => fields.node("blockDeviceMapping", self.mapping(&instance.id)),
            "disableApiStop" => fields.value("disableApiStop", attributes.cannot_be_stopped),
            "disableApiTermination" => {
                fields.value("disableApiTermination", attributes.cannot_be_terminated)
            }
            "ebsOptimized" => fields.value("ebsOptimized", attributes.is_ebs_optimized),
            "groupSet" => fields.node("groupSet", group_set(&instance.groups)),
            "instanceInitiatedShutdownBehavior" => fields.value(
                "instanceInitiatedShutdownBehavior",
                &attributes.shutdown_behavior,
            ),
            "instanceType" => fields.value("instanceType", &instance.instance_type),
            "rootDeviceName" => fields.value("rootDeviceName", &instance.root_device),
            "sourceDestCheck" => {
                fields.value("sourceDestCheck", attributes.checks_source_and_destination)
            }
            "userData" => match &attributes.user_data {
                Some(data) => fields.value("userData", data),
                None => fields.node("userData", Node::Fields(Vec::new())),
            },
            other => {
                return Err(Fault::invalid_value(format!(
                    "Value ({other}) for parameter attribute is invalid. Unknown attribute."
                )));
            }
        }
        .done())
    }
}

fn modify(instance: &mut Instance, attribute: &str, value: &Params) -> Result<(), Fault> {
    let attributes = &mut instance.attributes;
    let flag = || value.flag("Value")?.ok_or_else(|| Fault::missing("Value"));
    let text = || value.required("Value").map(str::to_owned);
    match attribute {
        "DisableApiStop" => attributes.cannot_be_stopped = flag()?,
        "DisableApiTermination" => attributes.cannot_be_terminated = flag()?,
        "EbsOptimized" => attributes.is_ebs_optimized = flag()?,
        "SourceDestCheck" => attributes.checks_source_and_destination = flag()?,
        "InstanceInitiatedShutdownBehavior" => attributes.shutdown_behavior = text()?,
        "InstanceType" => instance.instance_type = text()?,
        "UserData" => attributes.user_data = Some(text()?),
        _ => instance.groups = value.all().values().cloned().collect(),
    }
    Ok(())
}
