region                 = "us-west-2"
cluster_identifier     = "orders-west"
db_subnet_group_name   = "orders"
vpc_security_group_ids = ["sg-0123456789abcdef0"]
kms_key_arn            = "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555"

instances = {
  "1" = "db.r6g.large"
  "2" = "db.r6g.large"
}
