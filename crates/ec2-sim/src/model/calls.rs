//! The door: which operations there are, and the record of those that were called.

use serde::Serialize;

use crate::{
    answer::Node,
    model::{CALLS_MAX, Model, fault::Fault, params::Params, state::Millis, trouble::Loss},
};

/// A call that reached a Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// When, in milliseconds since the Unix epoch.
    pub at: Millis,
    /// The Region.
    pub region: String,
    /// The operation.
    pub action: String,
    /// Its parameters.
    pub params: std::collections::BTreeMap<String, String>,
    /// The code that it was refused with, if it was.
    pub refused: Option<String>,
    /// Whether its answer was lost.
    pub is_answer_lost: bool,
}

/// How a call ended: with an answer, and with how that is lost, if it is.
pub(crate) type Ended = Result<(Node, Option<Loss>), Fault>;

/// What makes the same thing twice if it is called twice takes a token.
const WITH_TOKEN: [&str; 2] = ["CreateVolume", "RunInstances"];

impl Model {
    /// Carries out one call sent to a Region, and records it.
    ///
    /// Whoever calls must not ask a lost Region: it would not answer (see [`Model::answers`]).
    ///
    /// # Errors
    /// The refusal.
    pub fn call(&mut self, at: Millis, region: &str, action: &str, params: &Params) -> Ended {
        self.advance(at);
        let ended = self.answer(region, action, params);
        // What was accepted begins at once, not at the next tick.
        self.advance(at);
        let ended = ended.map(|node| (node, self.lost_answer(region, action)));
        if self.calls.len() == CALLS_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(Call {
            at: self.now,
            region: region.to_owned(),
            action: action.to_owned(),
            params: params.all().clone(),
            refused: ended.as_ref().err().map(|fault| fault.code.clone()),
            is_answer_lost: matches!(ended, Ok((_, Some(_)))),
        });
        ended
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    fn answer(&mut self, region: &str, action: &str, params: &Params) -> Result<Node, Fault> {
        if let Some(fault) = self.met_refusal(region, action) {
            return Err(fault);
        }
        if action.starts_with("Describe") {
            return self.as_shown_in(region, |model| model.describe(region, action, params));
        }
        // Nothing of it is done, whatever it is.
        if params.flag("DryRun")? == Some(true) {
            return Err(Fault::dry_run());
        }
        if !WITH_TOKEN.contains(&action) {
            return self.change(region, action, params);
        }
        self.once(region, action, params)
    }

    /// Carries out what has a token once, and answers the same afterwards.
    fn once(&mut self, region: &str, action: &str, params: &Params) -> Result<Node, Fault> {
        let Some(token) = params.owned("ClientToken") else {
            return self.change(region, action, params);
        };
        let place = (region.to_owned(), action.to_owned(), token);
        if let Some((before, made)) = self.tokens.get(&place) {
            if before != params {
                return Err(Fault::token_mismatch());
            }
            return self.made_before(region, made);
        }
        let node = self.change(region, action, params)?;
        let made = node.at(&["volumeId"]).or_else(|| {
            let instances = node.items("instancesSet");
            instances.first()?.at(&["instanceId"])
        });
        if let Some(made) = made {
            self.tokens.insert(place, (params.clone(), made.to_owned()));
        }
        Ok(node)
    }

    fn made_before(&self, region: &str, made: &str) -> Result<Node, Fault> {
        if made.starts_with("vol-") {
            return self.volume(region, made).map(|it| self.volume_node(it));
        }
        let instance = self.instance(region, made)?;
        if instance.power.is_over() {
            return Err(Fault::new(
                400,
                "IdempotentInstanceTerminated",
                "The client token was used for an instance that is terminated.",
            ));
        }
        Ok(self.reservation_node(instance))
    }

    fn describe(&self, region: &str, action: &str, params: &Params) -> Result<Node, Fault> {
        match action {
            "DescribeInstances" => self.describe_instances(region, params),
            "DescribeInstanceStatus" => self.describe_instance_status(region, params),
            "DescribeInstanceAttribute" => self.describe_instance_attribute(region, params),
            "DescribeVolumes" => self.describe_volumes(region, params),
            "DescribeVolumeStatus" => self.describe_volume_status(region, params),
            "DescribeSnapshots" => self.describe_snapshots(region, params),
            "DescribeImages" => self.describe_images(region, params),
            "DescribeSubnets" => self.describe_subnets(region, params),
            "DescribeSecurityGroups" => self.describe_security_groups(region, params),
            "DescribeRouteTables" => self.describe_route_tables(region, params),
            other => Err(Fault::invalid_action(other)),
        }
    }

    fn change(&mut self, region: &str, action: &str, params: &Params) -> Result<Node, Fault> {
        match action {
            "RunInstances" => self.run_instances(region, params),
            "StartInstances" => self.start_instances(region, params),
            "StopInstances" => self.stop_instances(region, params),
            "TerminateInstances" => self.terminate_instances(region, params),
            "ModifyInstanceAttribute" => self.modify_instance_attribute(region, params),
            "CreateVolume" => self.create_volume(region, params),
            "DeleteVolume" => self.delete_volume(region, params),
            "AttachVolume" => self.attach_volume(region, params),
            "DetachVolume" => self.detach_volume(region, params),
            "CreateSnapshots" => self.create_snapshots(region, params),
            "CopySnapshot" => self.copy_snapshot(region, params),
            "DeleteSnapshot" => self.delete_snapshot(region, params),
            "RegisterImage" => self.register_image(region, params),
            "DeregisterImage" => self.deregister_image(region, params),
            "CreateTags" => self.create_tags(region, params),
            other => Err(Fault::invalid_action(other)),
        }
    }
}
