//! Answers, from XML.

use crate::{
    Answer, Pages, Refusal,
    answers::{
        Attribute, Done, Images, Instances, Launched, Made, RouteTables, SecurityGroups, Snapshots,
        Statuses, Subnets, Taken, VolumeStatuses, Volumes,
    },
};

/// After <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>.
const HOST: &str = r#"<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>8f7724cf-496f-496e-8fe3-example</requestId>
    <reservationSet>
        <item>
            <reservationId>r-1234567890abcdef0</reservationId>
            <ownerId>123456789012</ownerId>
            <groupSet/>
            <instancesSet>
                <item>
                    <instanceId>i-1234567890abcdef0</instanceId>
                    <imageId>ami-bff32ccc</imageId>
                    <instanceState><code>80</code><name>stopped</name></instanceState>
                    <privateDnsName>ip-192-168-1-88.us-east-1.compute.internal</privateDnsName>
                    <keyName>my_keypair</keyName>
                    <amiLaunchIndex>0</amiLaunchIndex>
                    <productCodes/>
                    <instanceType>m7i.large</instanceType>
                    <launchTime>2026-11-08T16:46:19.000Z</launchTime>
                    <placement><availabilityZone>us-east-1c</availabilityZone><groupName/><tenancy>default</tenancy></placement>
                    <monitoring><state>disabled</state></monitoring>
                    <subnetId>subnet-56f5f633</subnetId>
                    <vpcId>vpc-11112222</vpcId>
                    <privateIpAddress>192.168.1.88</privateIpAddress>
                    <ipAddress>54.194.252.215</ipAddress>
                    <sourceDestCheck>true</sourceDestCheck>
                    <groupSet><item><groupId>sg-e4076980</groupId><groupName>SecurityGroup1</groupName></item></groupSet>
                    <stateReason><code>Client.UserInitiatedShutdown</code><message>Client.UserInitiatedShutdown: User initiated shutdown</message></stateReason>
                    <architecture>x86_64</architecture>
                    <rootDeviceType>ebs</rootDeviceType>
                    <rootDeviceName>/dev/xvda</rootDeviceName>
                    <blockDeviceMapping>
                        <item>
                            <deviceName>/dev/xvda</deviceName>
                            <ebs>
                                <volumeId>vol-1234567890abcdef0</volumeId>
                                <status>attached</status>
                                <attachTime>2026-12-22T10:44:09.000Z</attachTime>
                                <deleteOnTermination>true</deleteOnTermination>
                            </ebs>
                        </item>
                    </blockDeviceMapping>
                    <virtualizationType>hvm</virtualizationType>
                    <tagSet><item><key>Name</key><value>Server_1 &amp; more</value></item><item><key>empty</key><value/></item></tagSet>
                    <hypervisor>xen</hypervisor>
                    <networkInterfaceSet>
                        <item>
                            <networkInterfaceId>eni-551ba033</networkInterfaceId>
                            <association><publicIp>54.194.252.215</publicIp><publicDnsName>ec2-54-194-252-215.compute.amazonaws.com</publicDnsName><ipOwnerId>amazon</ipOwnerId></association>
                        </item>
                    </networkInterfaceSet>
                    <iamInstanceProfile><arn>arn:aws:iam::123456789012:instance-profile/AdminRole</arn><id>ABCAJEDNCAA64SSD123AB</id></iamInstanceProfile>
                    <ebsOptimized>false</ebsOptimized>
                    <metadataOptions><state>applied</state><httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint></metadataOptions>
                    <currentInstanceBootMode>uefi</currentInstanceBootMode>
                </item>
            </instancesSet>
        </item>
    </reservationSet>
</DescribeInstancesResponse>"#;

fn read<A: Answer>(xml: &str) -> A {
    quick_xml::de::from_reader(xml.as_bytes()).unwrap()
}

fn items<P: Pages>(xml: &str) -> Vec<P::Item> {
    let (items, next) = read::<P>(xml).parts();
    assert_eq!(next, None);
    items
}

#[test]
fn a_host_is_read_with_its_devices_addresses_and_tags() {
    let found = items::<Instances>(HOST);
    let host = &found[0].instances_set.items[0];
    assert_eq!(host.instance_id, "i-1234567890abcdef0");
    assert_eq!(host.instance_state.name, "stopped");
    let reason = host.state_reason.as_ref().unwrap();
    assert!(reason.message.starts_with("Client.UserInitiatedShutdown"));
    assert_eq!(host.placement.availability_zone, "us-east-1c");
    assert_eq!(host.group_set.items[0].group_id, "sg-e4076980");
    let device = &host.block_device_mapping.items[0];
    let ebs = device.ebs.as_ref().unwrap();
    assert_eq!(
        (
            device.device_name.as_str(),
            ebs.status.as_str(),
            ebs.delete_on_termination
        ),
        ("/dev/xvda", "attached", true)
    );
    assert_eq!(host.current_instance_boot_mode.as_deref(), Some("uefi"));
    let options = host.metadata_options.as_ref().unwrap();
    assert_eq!(options.http_put_response_hop_limit.as_deref(), Some("2"));
    let tags = host.tag_set.clone().by_key();
    assert_eq!(
        (tags["Name"].as_str(), tags["empty"].as_str()),
        ("Server_1 & more", "")
    );
    let association = host.network_interface_set.items[0].association.as_ref();
    assert_eq!(association.unwrap().ip_owner_id, "amazon");
}

#[test]
fn lists_may_be_empty_and_have_pages() {
    let none = items::<Instances>(
        "<DescribeInstancesResponse><requestId>1</requestId><reservationSet/></DescribeInstancesResponse>",
    );
    assert_eq!(none, []);
    let (items, next) = read::<Volumes>(
        "<DescribeVolumesResponse><volumeSet><item><volumeId>vol-1</volumeId></item><item><volumeId>vol-2</volumeId></item></volumeSet>\
         <nextToken>more</nextToken></DescribeVolumesResponse>",
    )
    .parts();
    assert_eq!((items.len(), next.as_deref()), (2, Some("more")));
}

#[test]
fn volumes_are_read_with_where_they_are() {
    // After <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>.
    let found = items::<Volumes>(
        r#"<DescribeVolumesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
   <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>
   <volumeSet>
      <item>
         <volumeId>vol-1234567890abcdef0</volumeId>
         <size>80</size>
         <snapshotId/>
         <availabilityZone>us-east-1a</availabilityZone>
         <status>in-use</status>
         <createTime>2026-11-05T15:38:29.000Z</createTime>
         <attachmentSet>
            <item>
               <volumeId>vol-1234567890abcdef0</volumeId>
               <instanceId>i-1234567890abcdef0</instanceId>
               <device>/dev/sdh</device>
               <status>attached</status>
               <attachTime>2026-11-05T15:38:29.000Z</attachTime>
               <deleteOnTermination>false</deleteOnTermination>
            </item>
         </attachmentSet>
         <volumeType>gp3</volumeType>
         <iops>3000</iops>
         <throughput>125</throughput>
         <encrypted>true</encrypted>
         <kmsKeyId>arn:aws:kms:us-east-1:123456789012:key/1</kmsKeyId>
         <multiAttachEnabled>false</multiAttachEnabled>
      </item>
   </volumeSet>
</DescribeVolumesResponse>"#,
    );
    let volume = &found[0];
    assert_eq!(
        (volume.size, volume.iops, volume.throughput),
        (80, Some(3_000), Some(125))
    );
    assert_eq!(volume.attachment_set.items[0].device, "/dev/sdh");
    assert!(volume.encrypted && volume.kms_key_id.is_some() && !volume.multi_attach_enabled);
}

#[test]
fn a_volumes_status_tells_how_far_it_is_loaded() {
    // After <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumeStatus.html>.
    let found = items::<VolumeStatuses>(
        "<DescribeVolumeStatusResponse><volumeStatusSet><item><volumeId>vol-1</volumeId><availabilityZone>us-east-1a</availabilityZone>\
         <volumeStatus><status>ok</status><details><item><name>io-enabled</name><status>passed</status></item>\
         <item><name>initialization-state</name><status>initializing</status></item></details></volumeStatus><eventsSet/><actionsSet/>\
         <initializationStatusDetails><initializationType>provisioned-rate</initializationType><progress>40</progress>\
         <estimatedTimeToCompleteInSeconds>600</estimatedTimeToCompleteInSeconds></initializationStatusDetails></item></volumeStatusSet>\
         </DescribeVolumeStatusResponse>",
    );
    let details = &found[0].volume_status.details.items;
    assert_eq!(
        (details[1].name.as_str(), details[1].status.as_str()),
        ("initialization-state", "initializing")
    );
    let told = found[0].initialization_status_details.clone().unwrap();
    assert_eq!(
        (told.progress, told.estimated_time_to_complete_in_seconds),
        (Some(40), Some(600))
    );
}

#[test]
fn a_copy_that_failed_says_so_in_its_status_message_alone() {
    // After <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html>.
    let found = items::<Snapshots>(
        "<DescribeSnapshotsResponse><requestId>1</requestId><snapshotSet><item><snapshotId>snap-1</snapshotId><volumeId>vol-ffffffff</volumeId>\
         <status>error</status><statusMessage>Given key ID is not accessible</statusMessage><startTime>2026-11-12T22:19:48.000Z</startTime>\
         <progress>10%</progress><ownerId>123456789012</ownerId><volumeSize>8</volumeSize><description/><encrypted>true</encrypted>\
         <fullSnapshotSizeInBytes>8388608</fullSnapshotSizeInBytes><tagSet><item><key>k</key><value>v</value></item></tagSet></item>\
         </snapshotSet></DescribeSnapshotsResponse>",
    );
    let copy = &found[0];
    assert_eq!(copy.status, "error");
    assert_eq!(
        copy.status_message.as_deref(),
        Some("Given key ID is not accessible")
    );
    assert_eq!(copy.start_time.unwrap().to_string(), "2026-11-12T22:19:48Z");
    assert_eq!(
        (copy.progress.as_deref(), copy.full_snapshot_size_in_bytes),
        (Some("10%"), Some(8 << 20))
    );
}

#[test]
fn checks_attributes_images_and_what_was_made_are_read() {
    let checks = items::<Statuses>(
        "<DescribeInstanceStatusResponse><instanceStatusSet><item><instanceId>i-1</instanceId><systemStatus><status>ok</status></systemStatus>\
         <instanceStatus><status>impaired</status><details><item><name>reachability</name><status>failed</status></item></details></instanceStatus>\
         </item></instanceStatusSet></DescribeInstanceStatusResponse>",
    );
    assert_eq!(
        (
            checks[0].system_status.status.as_str(),
            checks[0].instance_status.status.as_str()
        ),
        ("ok", "impaired")
    );
    let attribute: Attribute = read(
        "<DescribeInstanceAttributeResponse><instanceId>i-1</instanceId><disableApiStop><value>true</value></disableApiStop>\
         </DescribeInstanceAttributeResponse>",
    );
    assert!(attribute.disable_api_stop.unwrap().value);
    let images = items::<Images>(
        "<DescribeImagesResponse><imagesSet><item><imageId>ami-1</imageId><imageState>available</imageState><name>af</name></item></imagesSet>\
         </DescribeImagesResponse>",
    );
    assert_eq!(
        (images[0].image_id.as_str(), images[0].image_state.as_str()),
        ("ami-1", "available")
    );
    let made: Made = read(
        "<CreateVolumeResponse><volumeId>vol-1</volumeId><status>creating</status></CreateVolumeResponse>",
    );
    assert_eq!(made.volume, "vol-1");
    let launched: Launched = read(
        "<RunInstancesResponse><instancesSet><item><instanceId>i-2</instanceId></item></instancesSet></RunInstancesResponse>",
    );
    assert_eq!(launched.instances.items[0].instance_id, "i-2");
    let taken: Taken = read(
        "<CreateSnapshotsResponse><snapshotSet><item><snapshotId>snap-1</snapshotId><volumeId>vol-1</volumeId><state>pending</state></item></snapshotSet></CreateSnapshotsResponse>",
    );
    assert_eq!(taken.snapshots.items[0].volume_id, "vol-1");
    let _: Done = read(
        "<StopInstancesResponse><requestId>1</requestId><instancesSet/></StopInstancesResponse>",
    );
}

#[test]
fn networks_are_read_with_what_leads_out_of_them() {
    let subnets = items::<Subnets>(
        "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>us-east-1a</availabilityZone>\
         <tagSet><item><key>Name</key><value>app</value></item></tagSet></item></subnetSet></DescribeSubnetsResponse>",
    );
    assert_eq!(subnets[0].availability_zone, "us-east-1a");
    let groups = items::<SecurityGroups>(
        "<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId><groupName>web</groupName><vpcId>vpc-1</vpcId>\
         <ipPermissions/><ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><groups/><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>\
         </item></ipPermissionsEgress></item></securityGroupInfo></DescribeSecurityGroupsResponse>",
    );
    assert_eq!(groups[0].ip_permissions_egress.items.len(), 1);
    let tables = items::<RouteTables>(
        "<DescribeRouteTablesResponse><routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet>\
         <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId></item>\
         <item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId></item></routeSet>\
         <associationSet><item><subnetId>subnet-1</subnetId><main>false</main></item></associationSet></item></routeTableSet>\
         </DescribeRouteTablesResponse>",
    );
    let through: Vec<_> = tables[0]
        .route_set
        .items
        .iter()
        .map(|route| route.through())
        .collect();
    assert_eq!(through, [Some("local"), Some("nat-1")]);
    assert!(!tables[0].association_set.items[0].main);
}

#[test]
fn a_refusal_keeps_its_code_and_its_words() {
    // After <https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html>.
    let body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>\
        <Message>The instance ID 'i-1a2b3c4d' does not exist</Message></Error></Errors><RequestID>ea966190-f9aa-478e-9ede-example</RequestID></Response>";
    let refusal = Refusal::read(400, body);
    assert_eq!(
        refusal.to_string(),
        "InvalidInstanceID.NotFound: The instance ID 'i-1a2b3c4d' does not exist"
    );
    assert_eq!(Refusal::read(503, b"<html>").code, "Status503");
}
