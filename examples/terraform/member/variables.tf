variable "region" {
  description = "The Region of this member."
  type        = string
}

variable "cluster_identifier" {
  description = "Its name, which is the one in the plan. A rebuilt member gets it again."
  type        = string
}

variable "global_cluster_identifier" {
  description = "The global cluster. Read when the member is made, and ignored afterwards."
  type        = string
  default     = "orders-global-1"
}

variable "engine_version" {
  description = "What it is made with."
  type        = string
  default     = "16.13"
}

variable "db_subnet_group_name" {
  description = "The subnet group in this Region."
  type        = string
}

variable "vpc_security_group_ids" {
  description = "Security groups that admit the application and the probes."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "The key of this Region. A key cannot be another Region's."
  type        = string
}

variable "instances" {
  description = "Its instances: how each name ends, and the class."
  type        = map(string)
}

variable "first" {
  description = "Only for the member that is made first, when the database is."
  type = object({
    database_name   = string
    master_username = string
  })
  default = null
}

variable "first_password" {
  description = "The administrator's first password. It reaches no state and no plan."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}
