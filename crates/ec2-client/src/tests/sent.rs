//! Queries, as text.

use std::collections::BTreeMap;

use crate::{
    Request,
    requests::{self, Copy, Cut, Disk, Launch, NewImage},
};

fn tags(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    let all = all.iter();
    all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// What is sent, a parameter a line.
fn sent<A>(request: &Request<A>) -> Vec<String> {
    let body = request.body().unwrap();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&body).unwrap();
    let mut lines: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(lines.remove(1), "Version=2016-11-15");
    lines
}

#[test]
fn a_query_is_a_form() {
    let request = requests::hosts_with(&tags(&[("aurora-failover:run", "a b&c")]));
    assert_eq!(
        request.body().unwrap(),
        "Action=DescribeInstances&Version=2016-11-15&MaxResults=500&Filter.1.Name=tag%3Aaurora-failover%3Arun\
         &Filter.1.Value.1=a+b%26c"
    );
}

#[test]
fn what_looks_is_sent_so() {
    assert_eq!(
        sent(&requests::host("i-1")),
        [
            "Action=DescribeInstances",
            "Filter.1.Name=instance-id",
            "Filter.1.Value.1=i-1"
        ]
    );
    assert_eq!(
        sent(&requests::volumes(&["vol-1".into(), "vol-2".into()])),
        [
            "Action=DescribeVolumes",
            "MaxResults=500",
            "Filter.1.Name=volume-id",
            "Filter.1.Value.1=vol-1",
            "Filter.1.Value.2=vol-2"
        ]
    );
    assert_eq!(
        sent(&requests::snapshots_with(&tags(&[("a", "1"), ("b", "2")]))),
        [
            "Action=DescribeSnapshots",
            "Owner.1=self",
            "MaxResults=500",
            "Filter.1.Name=tag:a",
            "Filter.1.Value.1=1",
            "Filter.2.Name=tag:b",
            "Filter.2.Value.1=2"
        ]
    );
    assert_eq!(
        sent(&requests::attribute("i-1", "disableApiStop")),
        [
            "Action=DescribeInstanceAttribute",
            "InstanceId=i-1",
            "Attribute=disableApiStop"
        ]
    );
    assert_eq!(
        sent(&requests::checks("i-1")),
        ["Action=DescribeInstanceStatus", "InstanceId.1=i-1"]
    );
    assert_eq!(
        sent(&requests::statuses(&["vol-1".into()])),
        ["Action=DescribeVolumeStatus", "VolumeId.1=vol-1"]
    );
    assert_eq!(
        sent(&requests::image("af")),
        [
            "Action=DescribeImages",
            "Owner.1=self",
            "Filter.1.Name=name",
            "Filter.1.Value.1=af"
        ]
    );
}

#[test]
fn snapshots_are_taken_of_all_but_what_is_left_out_and_copied_by_one_key() {
    let of = Cut {
        instance: "i-1",
        exclude_boot_volume: true,
        exclude_data_volumes: &["vol-9".to_owned()],
        description: "d",
    };
    assert_eq!(
        sent(&requests::cut(of, &tags(&[("k", "v")]))),
        [
            "Action=CreateSnapshots",
            "InstanceSpecification.InstanceId=i-1",
            "InstanceSpecification.ExcludeBootVolume=true",
            "InstanceSpecification.ExcludeDataVolumeId.1=vol-9",
            "Description=d",
            "TagSpecification.1.ResourceType=snapshot",
            "TagSpecification.1.Tag.1.Key=k",
            "TagSpecification.1.Tag.1.Value=v"
        ]
    );
    let of = Copy {
        source_region: "us-west-2",
        source_snapshot: "snap-1",
        kms_key: Some("alias/home"),
        description: "d",
    };
    assert_eq!(
        sent(&requests::copy(of, &tags(&[]))),
        [
            "Action=CopySnapshot",
            "SourceRegion=us-west-2",
            "SourceSnapshotId=snap-1",
            "Encrypted=true",
            "KmsKeyId=alias/home",
            "Description=d"
        ]
    );
    assert_eq!(
        sent(&requests::delete_snapshot("snap-1")),
        ["Action=DeleteSnapshot", "SnapshotId=snap-1"]
    );
}

#[test]
fn a_volume_is_made_with_its_type_key_and_rate() {
    let disk = Disk {
        snapshot: Some("snap-1"),
        size_gib: 8,
        volume_type: "gp3",
        iops: Some(4_000),
        throughput: Some(250),
        kms_key: Some("alias/home"),
        initialization_rate: Some(300),
        delete_on_termination: true,
    };
    let request = requests::create_volume("token", "us-east-1a", &disk, &tags(&[("k", "v")]));
    assert_eq!(
        sent(&request),
        [
            "Action=CreateVolume",
            "ClientToken=token",
            "AvailabilityZone=us-east-1a",
            "SnapshotId=snap-1",
            "Size=8",
            "VolumeType=gp3",
            "Iops=4000",
            "Throughput=250",
            "Encrypted=true",
            "KmsKeyId=alias/home",
            "VolumeInitializationRate=300",
            "TagSpecification.1.ResourceType=volume",
            "TagSpecification.1.Tag.1.Key=k",
            "TagSpecification.1.Tag.1.Value=v"
        ]
    );
}

#[test]
fn volumes_are_exchanged_at_devices() {
    assert_eq!(
        sent(&requests::detach("vol-1", "i-1", "/dev/sdf")),
        [
            "Action=DetachVolume",
            "VolumeId=vol-1",
            "InstanceId=i-1",
            "Device=/dev/sdf"
        ]
    );
    assert_eq!(
        sent(&requests::attach("vol-2", "i-1", "/dev/sdf")),
        [
            "Action=AttachVolume",
            "VolumeId=vol-2",
            "InstanceId=i-1",
            "Device=/dev/sdf"
        ]
    );
    let devices = [
        ("/dev/sdf".to_owned(), false),
        ("/dev/xvda".to_owned(), true),
    ]
    .into();
    assert_eq!(
        sent(&requests::delete_on_termination("i-1", &devices)),
        [
            "Action=ModifyInstanceAttribute",
            "InstanceId=i-1",
            "BlockDeviceMapping.1.DeviceName=/dev/sdf",
            "BlockDeviceMapping.1.Ebs.DeleteOnTermination=false",
            "BlockDeviceMapping.2.DeviceName=/dev/xvda",
            "BlockDeviceMapping.2.Ebs.DeleteOnTermination=true"
        ]
    );
    assert_eq!(
        sent(&requests::tag("vol-1", &tags(&[("k", "")]))),
        [
            "Action=CreateTags",
            "ResourceId.1=vol-1",
            "Tag.1.Key=k",
            "Tag.1.Value="
        ]
    );
}

#[test]
fn hosts_are_started_stopped_and_terminated_one_at_a_time() {
    for (request, action) in [
        (requests::start("i-1"), "Action=StartInstances"),
        (requests::stop("i-1"), "Action=StopInstances"),
        (requests::terminate("i-1"), "Action=TerminateInstances"),
    ] {
        assert_eq!(sent(&request), [action, "InstanceId.1=i-1"]);
    }
}

#[test]
fn a_host_is_launched_with_its_disks_and_tags() {
    let groups = ["sg-1".to_owned()];
    let new = Launch {
        client_token: "token",
        image: "ami-1",
        instance_type: "m7i.large",
        subnet: "subnet-1",
        security_groups: &groups,
        profile_arn: Some("arn:aws:iam::123456789012:instance-profile/web"),
        metadata: [("HttpTokens", "required")].into(),
        disks: vec![(
            "/dev/sdf",
            Disk {
                snapshot: Some("snap-1"),
                size_gib: 8,
                volume_type: "gp3",
                ..Disk::default()
            },
        )],
        ..Launch::default()
    };
    assert_eq!(
        sent(&requests::launch(
            &new,
            &tags(&[("k", "v")]),
            &tags(&[("k", "w")])
        )),
        [
            "Action=RunInstances",
            "ClientToken=token",
            "MinCount=1",
            "MaxCount=1",
            "ImageId=ami-1",
            "InstanceType=m7i.large",
            "SubnetId=subnet-1",
            "SecurityGroupId.1=sg-1",
            "IamInstanceProfile.Arn=arn:aws:iam::123456789012:instance-profile/web",
            "EbsOptimized=false",
            "Monitoring.Enabled=false",
            "MetadataOptions.HttpTokens=required",
            "BlockDeviceMapping.1.DeviceName=/dev/sdf",
            "BlockDeviceMapping.1.Ebs.SnapshotId=snap-1",
            "BlockDeviceMapping.1.Ebs.VolumeSize=8",
            "BlockDeviceMapping.1.Ebs.VolumeType=gp3",
            "BlockDeviceMapping.1.Ebs.DeleteOnTermination=false",
            "TagSpecification.1.ResourceType=instance",
            "TagSpecification.1.Tag.1.Key=k",
            "TagSpecification.1.Tag.1.Value=v",
            "TagSpecification.2.ResourceType=volume",
            "TagSpecification.2.Tag.1.Key=k",
            "TagSpecification.2.Tag.1.Value=w"
        ]
    );
}

#[test]
fn an_image_is_made_of_a_root_and_taken_away() {
    let new = NewImage {
        name: "af",
        root_device: "/dev/xvda",
        snapshot: "snap-1",
        architecture: "arm64",
        boot_mode: Some("uefi"),
    };
    assert_eq!(
        sent(&requests::register(new, &tags(&[]))),
        [
            "Action=RegisterImage",
            "Name=af",
            "Architecture=arm64",
            "BootMode=uefi",
            "VirtualizationType=hvm",
            "EnaSupport=true",
            "RootDeviceName=/dev/xvda",
            "BlockDeviceMapping.1.DeviceName=/dev/xvda",
            "BlockDeviceMapping.1.Ebs.SnapshotId=snap-1"
        ]
    );
    assert_eq!(
        sent(&requests::deregister("ami-1")),
        ["Action=DeregisterImage", "ImageId=ami-1"]
    );
}
