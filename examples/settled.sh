#!/usr/bin/env bash
# Says whether a pipeline may plan or apply what a failover could change. It asks the ledger of every member Region and goes
# on only where each of them answers, no run holds the plan, no change of writer is open, and the writer's global cluster is
# the one that the configuration names:
#
#   examples/settled.sh orders orders-global-1 us-west-2 us-east-1 && terraform plan ...
#
# It is the ledger of a moment: ask again before the apply. It calls dynamodb:GetItem and changes nothing.
set -euo pipefail

if [ "$#" -lt 3 ]; then
  echo "usage: settled.sh PLAN GLOBAL_CLUSTER REGION..." >&2
  exit 2
fi
plan=$1
global_cluster=$2
shift 2

# A Region that does not answer says so in seconds.
export AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=2

refuse() {
  echo "not settled: $1" >&2
  exit 1
}

# The version of the row, the run that holds the plan, the open change of writer, and the writer's global cluster, which is
# kept by its name alone or with its resource id. What is not there is printed as None.
asked='Item.body.M.[version.N, lease.M.run_id.S, intent.M.run_id.S, current.M.global_cluster.[S, M.name.S][?@]|[0]]'

for region in "$@"; do
  answer=$("${AWS:-aws}" dynamodb get-item --region "$region" --table-name "${LEDGER_TABLE:-aurora-failover-ledger}" \
    --cli-connect-timeout 5 --cli-read-timeout 5 --consistent-read \
    --key "{\"plan\": {\"S\": \"$plan\"}, \"item\": {\"S\": \"state\"}}" \
    --query "$asked" --output text) || refuse "the ledger in $region does not answer"
  read -r version run change led <<<"$answer"
  [[ $version =~ ^[0-9]+$ ]] || refuse "the ledger in $region knows no plan $plan"
  [ "$run" = None ] || refuse "run $run holds plan $plan in $region"
  [ "$change" = None ] || refuse "run $change has begun to move the writer of $plan, as the ledger in $region says"
  [ "$led" = "$global_cluster" ] ||
    refuse "the writer of $plan leads global cluster $led, as the ledger in $region says, and not $global_cluster"
done
