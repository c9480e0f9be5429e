//! The template that deploys a topology's machines: each with a role that may call its functions and nothing else, and its alarms.

use crate::{Topology, machine::Machine, state::pascal};

/// What it begins with.
const HEAD: &str = r#"# Generated from crates/machines: make machines.
AWSTemplateFormatVersion: "2010-09-09"
Description: aurora-failover, the state machines of <what> in one member Region, and the alarms on their runs. Every run executes in its target Region.

Parameters:
  Prefix:
    Type: String
    Default: aurora-failover
    AllowedPattern: (?!aws|ssm)[a-z][a-z0-9-]{0,18}[a-z0-9]
    Description: What all names begin with.
  ArtifactBucket:
    Type: String
    Description: This Region's bucket with the definitions.
  ArtifactPrefix:
    Type: String
    Description: Key prefix of one version; a changed definition needs a changed prefix to be noticed.
  AlarmTopicArn:
    Type: String
    Default: ""
    Description: ARN of the SNS topic in this Region that alarms go to; empty when nobody is told. Where a customer's key encrypts it, the key admits cloudwatch.amazonaws.com.
  RolePath:
    Type: String
    Default: /
    AllowedPattern: "/([A-Za-z0-9+=,.@_-]+/)*"
    Description: The path of every role, where a rule of the organization wants one.
  PermissionsBoundaryArn:
    Type: String
    Default: ""
    Description: ARN of the policy that bounds every role; empty where none is wanted.

Conditions:
  HasPath: !Not [!Equals [!Ref RolePath, /]]
  HasBoundary: !Not [!Equals [!Ref PermissionsBoundaryArn, ""]]
  HasTopic: !Not [!Equals [!Ref AlarmTopicArn, ""]]

Resources:
"#;

/// A machine and its role.
const MACHINE: &str = r#"  <Id>:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: !Sub ${Prefix}-<name>
      StateMachineType: STANDARD
      RoleArn: !GetAtt <Id>Role.Arn
      DefinitionS3Location:
        Bucket: !Ref ArtifactBucket
        Key: !Sub ${ArtifactPrefix}/<name>.asl.json
      DefinitionSubstitutions:
<substitutions>  <Id>Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub ${Prefix}-<name>-machine-${AWS::Region}
      Path: !If [HasPath, !Ref RolePath, !Ref AWS::NoValue]
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundaryArn, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: states.amazonaws.com}
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                aws:SourceAccount: !Ref AWS::AccountId
      Policies:
        - PolicyName: <name>
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: Steps
                Effect: Allow
                Action: lambda:InvokeFunction
                Resource:
<functions>"#;

/// A function's ARN.
const FUNCTION: &str =
    "!Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Prefix}-<name>";

/// An alarm on how runs end.
const ALARM: &str = r#"  <Id>Run<Ended>:
    Type: AWS::CloudWatch::Alarm
    Properties: {
      AlarmName: !Sub "${Prefix}-<name>-run-<ended>",
      AlarmDescription: "<told>",
      Namespace: AWS/States, MetricName: Executions<Ended>,
      Dimensions: [{Name: StateMachineArn, Value: !Sub "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${Prefix}-<name>"}],
      Statistic: Sum, Period: 60, EvaluationPeriods: 1, DatapointsToAlarm: 1,
      Threshold: 1, ComparisonOperator: GreaterThanOrEqualToThreshold, TreatMissingData: notBreaching,
      AlarmActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue],
      OKActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]}
"#;

/// The template of a topology's machines.
#[must_use]
pub fn template(topology: &Topology) -> String {
    let resources = topology.machines.iter().map(resources);
    HEAD.replace("<what>", topology.what) + &resources.collect::<String>()
}

fn resources(machine: &Machine) -> String {
    let arn = |name| FUNCTION.replace("<name>", name);
    let functions = machine.functions();
    let substitutions = functions
        .iter()
        .map(|called| format!("        {}: {}\n", called.substitution(), arn(called.0)));
    let rights = functions
        .iter()
        .map(|called| format!("                  - {}\n", arn(called.0)));
    let run = format!("{}: {}", severity(machine), machine.run);
    let failed = format!(
        "{run} was refused or failed. Next: aurora-failover history names it, and the execution says why."
    );
    let timed_out = format!(
        "{run} came to no end in its time. Next: aurora-failover history names it, and the execution shows where."
    );
    let text = MACHINE
        .replace("<substitutions>", &substitutions.collect::<String>())
        .replace("<functions>", &rights.collect::<String>());
    [
        text,
        alarm("Failed", "failed", &failed),
        alarm("TimedOut", "timed-out", &timed_out),
    ]
    .concat()
    .replace("<Id>", &pascal(machine.name))
    .replace("<name>", machine.name)
}

/// How soon a human must look where a run fails: at once where it was to answer an outage.
fn severity(machine: &Machine) -> &'static str {
    let states = machine.states();
    if states.iter().any(|(name, _)| name == "ConfirmOutage") {
        "CRITICAL"
    } else {
        "ACTION"
    }
}

fn alarm(metric: &str, name: &str, told: &str) -> String {
    ALARM
        .replace("<Ended>", metric)
        .replace("<ended>", name)
        .replace("<told>", told)
}
