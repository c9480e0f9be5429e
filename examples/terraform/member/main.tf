# One member of the global database. The same files serve every Region. Apply them once in each, with that Region's
# variables and a state of its own, so that a lost Region stops no other Region's plan:
#
#   terraform -chdir=member plan -var-file=west.tfvars -out=west.plan
#
# Nothing here says who the writer is. That is the ledger's, and it changes.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.region
}

locals {
  major = split(".", var.engine_version)[0]
}

# Parameter groups are not replicated, and a promoted standby runs with its own. One pair in each Region, made alike.
resource "aws_rds_cluster_parameter_group" "member" {
  name   = "${var.cluster_identifier}-${local.major}"
  family = "aurora-postgresql${local.major}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_parameter_group" "member" {
  name   = "${var.cluster_identifier}-${local.major}"
  family = "aurora-postgresql${local.major}"

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_rds_cluster" "member" {
  cluster_identifier        = var.cluster_identifier
  global_cluster_identifier = var.global_cluster_identifier
  engine                    = "aurora-postgresql"
  engine_version            = var.engine_version

  db_subnet_group_name            = var.db_subnet_group_name
  vpc_security_group_ids          = var.vpc_security_group_ids
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.member.name

  storage_encrypted = true
  kms_key_id        = var.kms_key_arn

  backup_retention_period             = 7
  copy_tags_to_snapshot               = true
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  iam_database_authentication_enabled = true

  deletion_protection       = true
  delete_automated_backups  = false
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.cluster_identifier}-owned-final"

  # For the first member on the first day, and for no other: RDS refuses them of a secondary. Leave `first` out ever after.
  database_name              = try(var.first.database_name, null)
  master_username            = try(var.first.master_username, null)
  master_password_wo         = var.first_password
  master_password_wo_version = var.first == null ? null : 1

  lifecycle {
    # Against a replacement, and against a resource that was renamed here. It is no help against a resource that was taken out
    # of this file, nor against one that the state has lost, which is created.
    prevent_destroy = true

    ignore_changes = [
      # Who follows whom. RDS shows it of a secondary. Without this a plan takes it away, and the apply asks RDS to promote.
      replication_source_identifier,

      # Which global cluster it is a member of. None after a detach, perhaps another one after a rebuild. From a name to none
      # the apply detaches the member. From none to a name, or from one to another, it fails.
      global_cluster_identifier,

      # Members are upgraded together, by people, and a failover may cancel an upgrade.
      engine_version,

      # Each forces a replacement, and is known of the first member alone.
      database_name,
      master_username,

      # A secondary has no password of its own.
      master_password_wo_version,

      # Forces a replacement where RDS chose other zones.
      availability_zones,
    ]
  }
}

resource "aws_rds_cluster_instance" "member" {
  for_each = var.instances

  identifier = "${var.cluster_identifier}-${each.key}"
  # The name and not the resource: a cluster that is to be made has no id yet, and what is not known forces a replacement.
  cluster_identifier      = var.cluster_identifier
  engine                  = "aurora-postgresql"
  instance_class          = each.value
  db_parameter_group_name = aws_db_parameter_group.member.name
  publicly_accessible     = false
  # The version is the cluster's, or no minor version comes by itself to one member and not to the other.
  auto_minor_version_upgrade = false

  depends_on = [aws_rds_cluster.member]

  lifecycle {
    prevent_destroy = true

    ignore_changes = [
      availability_zone, # forces a replacement
      engine_version,    # the cluster's
      promotion_tier,    # people change it on the day of an incident
    ]
  }
}
