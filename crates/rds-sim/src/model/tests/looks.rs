//! What a client would see of the world under test.

use super::world::{GLOBAL, World};
use crate::answer::Node;

impl World {
    /// The text at a path of field names; a number picks a list's member.
    pub(super) fn text_at(node: &Node, path: &str) -> Option<String> {
        let mut node = node;
        for step in path.split('.') {
            node = match (node, step.parse::<usize>()) {
                (Node::Fields(fields), Ok(index)) => &fields.get(index)?.1,
                (node, _) => node.get(step)?,
            };
        }
        node.as_text().map(str::to_owned)
    }

    pub(super) fn cluster(&mut self, region: &str, id: &str, field: &str) -> Option<String> {
        let answer = self.ok(region, "DescribeDBClusters", &[("DBClusterIdentifier", id)]);
        Self::text_at(&answer, &format!("DBClusters.0.{field}"))
    }

    pub(super) fn status(&mut self, region: &str, id: &str) -> String {
        self.cluster(region, id, "Status").unwrap_or_default()
    }

    pub(super) fn instance_status(&mut self, region: &str, id: &str) -> String {
        let answer = self.ok(
            region,
            "DescribeDBInstances",
            &[("DBInstanceIdentifier", id)],
        );
        Self::text_at(&answer, "DBInstances.0.DBInstanceStatus").unwrap_or_default()
    }

    pub(super) fn global(&mut self, region: &str, field: &str) -> Option<String> {
        let answer = self.ok(
            region,
            "DescribeGlobalClusters",
            &[("GlobalClusterIdentifier", GLOBAL)],
        );
        Self::text_at(&answer, &format!("GlobalClusters.0.{field}"))
    }

    /// Each member as `name writer|standby synchronization`.
    pub(super) fn members(&mut self, region: &str) -> Vec<String> {
        (0..20)
            .map_while(|index| {
                let field = |world: &mut Self, name: &str| {
                    world.global(region, &format!("GlobalClusterMembers.{index}.{name}"))
                };
                let arn = field(self, "DBClusterArn")?;
                let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
                let role = if field(self, "IsWriter")? == "true" {
                    "writer"
                } else {
                    "standby"
                };
                Some(format!(
                    "{name} {role} {}",
                    field(self, "SynchronizationStatus")?
                ))
            })
            .collect()
    }

    pub(super) fn messages(&mut self, region: &str) -> Vec<String> {
        let answer = self.ok(region, "DescribeEvents", &[]);
        (0..100)
            .map_while(|index| Self::text_at(&answer, &format!("Events.{index}.Message")))
            .collect()
    }
}
