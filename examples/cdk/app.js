// The members of a global database, one stack for each Region, and the global cluster in a stack of its own.
//
// Every member's template is made by the same lines, and none says who the writer is: that is the ledger's, and it changes.
// The constructs are those of CloudFormation itself. `DatabaseCluster` cannot join a global cluster, and asks every cluster for
// a login, which RDS refuses of a secondary.

const { App, CfnCondition, CfnParameter, Fn, RemovalPolicy, Stack } = require("aws-cdk-lib");
const rds = require("aws-cdk-lib/aws-rds");

const VERSION = "16.13";
const FAMILY = "aurora-postgresql16";
const GLOBAL_CLUSTER = "orders-global-1";

// As the plan names them.
const MEMBERS = {
  "us-west-2": {
    cluster: "orders-west",
    subnetGroup: "orders",
    securityGroups: ["sg-0123456789abcdef0"],
    key: "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555",
    instances: { 1: "db.r6g.large", 2: "db.r6g.large" },
  },
  "us-east-1": {
    cluster: "orders-east",
    subnetGroup: "orders",
    securityGroups: ["sg-0fedcba9876543210"],
    key: "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000",
    instances: { 1: "db.r6g.large", 2: "db.r6g.large" },
  },
};

// Kept when it leaves the template, when the stack is deleted, and when CloudFormation makes another in its place.
const keep = (resource) => resource.applyRemovalPolicy(RemovalPolicy.RETAIN);

// Deployed once, in any member Region. No member's stack refers to it, and once the members are there it may go: the global
// cluster stays, and what nobody owns nobody replaces.
class GlobalCluster extends Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    // No SourceDBClusterIdentifier. CloudFormation reads the current writer there, and every change of it is a replacement.
    const cluster = new rds.CfnGlobalCluster(this, "GlobalCluster", {
      globalClusterIdentifier: GLOBAL_CLUSTER,
      engine: "aurora-postgresql",
      engineVersion: VERSION,
      storageEncrypted: true,
      // A rebuild after a detach deletes the empty one to take its name again. RDS deletes none that has a member.
      deletionProtection: false,
    });
    keep(cluster);
  }
}

class Member extends Stack {
  constructor(scope, id, { member, ...props }) {
    super(scope, id, props);

    // How the member was made, and no more: the secret's name for the first one on the first day, nothing for one that joins.
    // It keeps the value that it was deployed with. CloudFormation takes a change of it for a change of the cluster.
    const secret = new CfnParameter(this, "FirstAdministrator", {
      description: "The secret with username and password, for the member that is made first. Never changed afterwards.",
      default: "",
    });
    const isFirst = new CfnCondition(this, "IsFirst", {
      expression: Fn.conditionNot(Fn.conditionEquals(secret, "")),
    });
    const ofSecret = (field) =>
      Fn.conditionIf(
        isFirst.logicalId,
        Fn.sub(`{{resolve:secretsmanager:\${FirstAdministrator}:SecretString:${field}}}`),
        Fn.ref("AWS::NoValue"),
      ).toString();

    const clusterGroup = new rds.CfnDBClusterParameterGroup(this, "ClusterParameters", {
      description: `Cluster parameters of ${member.cluster}`,
      family: FAMILY,
      parameters: { "rds.force_ssl": "1" },
    });
    const instanceGroup = new rds.CfnDBParameterGroup(this, "InstanceParameters", {
      description: `Instance parameters of ${member.cluster}`,
      family: FAMILY,
      parameters: { log_min_duration_statement: "1000" },
    });

    const cluster = new rds.CfnDBCluster(this, "Cluster", {
      dbClusterIdentifier: member.cluster,
      // Taking it out detaches the member. Another name here is a replacement.
      globalClusterIdentifier: GLOBAL_CLUSTER,
      engine: "aurora-postgresql",
      engineVersion: VERSION,
      masterUsername: ofSecret("username"),
      masterUserPassword: ofSecret("password"),
      dbSubnetGroupName: member.subnetGroup,
      vpcSecurityGroupIds: member.securityGroups,
      dbClusterParameterGroupName: clusterGroup.ref,
      storageEncrypted: true,
      kmsKeyId: member.key,
      backupRetentionPeriod: 7,
      copyTagsToSnapshot: true,
      enableCloudwatchLogsExports: ["postgresql"],
      enableIamDatabaseAuthentication: true,
      deletionProtection: true,
    });
    keep(cluster);
    // A rebuilt member is given these groups again. One that its stack took away would be missed on the worst of days.
    [clusterGroup, instanceGroup].forEach(keep);

    for (const [number, instanceClass] of Object.entries(member.instances)) {
      const instance = new rds.CfnDBInstance(this, `Instance${number}`, {
        dbInstanceIdentifier: `${member.cluster}-${number}`,
        dbClusterIdentifier: cluster.ref,
        engine: "aurora-postgresql",
        dbInstanceClass: instanceClass,
        dbParameterGroupName: instanceGroup.ref,
        publiclyAccessible: false,
        autoMinorVersionUpgrade: false,
      });
      keep(instance);
    }
  }
}

const app = new App({ analyticsReporting: false });
new GlobalCluster(app, "orders-global", { terminationProtection: true });
for (const [region, member] of Object.entries(MEMBERS)) {
  new Member(app, member.cluster, { member, env: { region }, terminationProtection: true });
}
app.synth();
