# The global cluster, in a state of its own. It belongs to no Region, and no member refers to this resource: a member
# knows the name alone, so that nothing that happens here can reach a database.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "region" {
  description = "A member Region that answers. After an outage it may be another one than before."
  type        = string
}

variable "global_cluster_identifier" {
  description = "Its name, which is also the plan's. A failback keeps it where it is started with names.global_cluster."
  type        = string
  default     = "orders-global-1"
}

variable "engine_version" {
  description = "What it is made with. Later versions are the members' own."
  type        = string
  default     = "16.13"
}

provider "aws" {
  region = var.region
}

# No source_db_cluster_identifier: it would name the writer of the first day, and a change of it replaces the global cluster.
resource "aws_rds_global_cluster" "orders" {
  global_cluster_identifier = var.global_cluster_identifier
  engine                    = "aurora-postgresql"
  engine_version            = var.engine_version
  storage_encrypted         = true

  # A rebuild after a detach deletes the empty one to take its name again. It leaves a protected one standing. Without its
  # protection it is still safe: RDS deletes none that has a member.
  deletion_protection = false

  # True would detach every member before a destroy, which makes each of them a database of its own.
  force_destroy = false

  lifecycle {
    prevent_destroy = true

    ignore_changes = [
      database_name,                # forces a replacement, and RDS shows it once a member has it
      engine_version,               # a change here upgrades every member, and a failover may cancel an upgrade
      source_db_cluster_identifier, # cannot be read, and forces a replacement
    ]
  }
}
