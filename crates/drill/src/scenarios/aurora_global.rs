//! The scenarios of a global database: one file each, and the order in which they are played.

mod alarms;
mod answer_lost;
mod app_tier;
mod approval_given;
mod approval_late;
mod approval_over;
mod approval_refused;
mod blip;
mod broken_plan;
mod by_hand;
mod cron_elsewhere;
mod dry_run_machine;
mod every_property;
mod failback_after_detach;
mod failback_after_managed;
mod failback_interrupted;
mod failback_refused;
mod fallback_by_stacks;
mod flapping;
mod from_nothing;
mod hooks_called;
mod idle_functions;
mod installed_again;
mod kill_switch;
mod lagging_standby;
mod last_bytes;
mod last_bytes_12;
mod last_bytes_45;
mod late_redrive;
mod locked_table;
mod lost_mid_switchover;
mod managed_refused;
mod million_rows;
mod misconfigured_probe_certificate;
mod misconfigured_probe_password;
mod misconfigured_probe_rights;
mod misconfigured_probe_table;
mod observe;
mod observer_isolated;
mod page_answers;
mod path_impaired;
mod planned_meets_unplanned;
mod reader_restarts;
pub(crate) mod region_loss;
mod region_loss_managed;
mod region_returns;
mod regions_parted;
mod rehearsal;
mod road_and_replication_down;
mod round_trip;
mod route53_down_cname;
mod route53_down_ssm;
mod run_dies;
mod run_twice;
mod scaling_groups;
mod secret_rotated;
mod serverless_member;
mod slots_exhausted;
mod standby_takes_over;
mod subnets_denied;
mod subscriber;
mod switch_goes_back;
mod switch_is_blind;
mod switchover;
mod switchover_by_invoke;
mod switchover_cancelled;
mod switchover_not_ready;
mod ten_plans;
mod three_regions;
mod throttled;
mod twice_lost;
mod two_plans;
mod writer_down;
mod writer_maintenance;
mod writer_restart;

use crate::scenario::Scenario;

/// All of them, in the order in which they are played.
pub(crate) static ALL: &[&Scenario] = &[
    &region_loss::SCENARIO,
    &region_loss_managed::SCENARIO,
    &path_impaired::SCENARIO,
    &writer_restart::SCENARIO,
    &writer_maintenance::SCENARIO,
    &writer_down::SCENARIO,
    &regions_parted::SCENARIO,
    &observer_isolated::SCENARIO,
    &road_and_replication_down::SCENARIO,
    &blip::SCENARIO,
    &misconfigured_probe_password::SCENARIO,
    &misconfigured_probe_certificate::SCENARIO,
    &misconfigured_probe_table::SCENARIO,
    &misconfigured_probe_rights::SCENARIO,
    &observe::SCENARIO,
    &approval_given::SCENARIO,
    &page_answers::SCENARIO,
    &approval_refused::SCENARIO,
    &approval_late::SCENARIO,
    &approval_over::SCENARIO,
    &late_redrive::SCENARIO,
    &run_dies::SCENARIO,
    &twice_lost::SCENARIO,
    &lagging_standby::SCENARIO,
    &throttled::SCENARIO,
    &run_twice::SCENARIO,
    &planned_meets_unplanned::SCENARIO,
    &flapping::SCENARIO,
    &three_regions::SCENARIO,
    &two_plans::SCENARIO,
    &kill_switch::SCENARIO,
    &by_hand::SCENARIO,
    &route53_down_ssm::SCENARIO,
    &route53_down_cname::SCENARIO,
    &standby_takes_over::SCENARIO,
    &switch_is_blind::SCENARIO,
    &switch_goes_back::SCENARIO,
    &switchover::SCENARIO,
    &switchover_not_ready::SCENARIO,
    &switchover_cancelled::SCENARIO,
    &hooks_called::SCENARIO,
    &answer_lost::SCENARIO,
    &managed_refused::SCENARIO,
    &lost_mid_switchover::SCENARIO,
    &idle_functions::SCENARIO,
    &failback_after_managed::SCENARIO,
    &failback_after_detach::SCENARIO,
    &serverless_member::SCENARIO,
    &every_property::SCENARIO,
    &rehearsal::SCENARIO,
    &region_returns::SCENARIO,
    &scaling_groups::SCENARIO,
    &app_tier::SCENARIO,
    &secret_rotated::SCENARIO,
    &subnets_denied::SCENARIO,
    &failback_interrupted::SCENARIO,
    &failback_refused::SCENARIO,
    &round_trip::SCENARIO,
    &from_nothing::SCENARIO,
    &installed_again::SCENARIO,
    &fallback_by_stacks::SCENARIO,
    &million_rows::SCENARIO,
    &subscriber::SCENARIO,
    &cron_elsewhere::SCENARIO,
    &locked_table::SCENARIO,
    &last_bytes::SCENARIO,
    &last_bytes_12::SCENARIO,
    &last_bytes_45::SCENARIO,
    &reader_restarts::SCENARIO,
    &slots_exhausted::SCENARIO,
    &broken_plan::SCENARIO,
    &dry_run_machine::SCENARIO,
    &switchover_by_invoke::SCENARIO,
    &ten_plans::SCENARIO,
    &alarms::SCENARIO,
];
