region                 = "us-east-1"
cluster_identifier     = "orders-east"
db_subnet_group_name   = "orders"
vpc_security_group_ids = ["sg-0fedcba9876543210"]
kms_key_arn            = "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000"

instances = {
  "1" = "db.r6g.large"
  "2" = "db.r6g.large"
}
