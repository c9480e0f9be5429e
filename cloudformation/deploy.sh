#!/usr/bin/env bash
# Deploys one Region. Regions share nothing, so the caller may run several of these at once.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: deploy.sh member|witness --region REGION --bucket BUCKET --packages DIRECTORY --parameters FILE [--create-bucket]

  member            a Region with a member of a plan: ledger, functions, state machine, triggers
  witness           the Region that only observes: one function
  --region          the Region to deploy to
  --bucket          its bucket for packages and definitions
  --packages        directory with <function>.zip, as `make package` leaves it
  --parameters      file with lines NAME=VALUE for the templates' parameters; '#' starts a comment;
                    each template takes those it declares
  --create-bucket   create the bucket first, with a stack of its own

Credentials and AWS_ENDPOINT_URL are the AWS CLI's own; AWS names the CLI to use (default: aws).
Deploying the same packages and parameters again changes nothing.
USAGE
}

fail() {
    echo "deploy.sh: $*" >&2
    exit 2
}

kind="" region="" bucket="" packages="" parameters="" create_bucket=""
while (($#)); do
    case $1 in
        member | witness) kind=$1 ;;
        --region | --bucket | --packages | --parameters)
            (($# >= 2)) || fail "$1 needs a value"
            declare "${1#--}=$2"
            shift
            ;;
        --create-bucket) create_bucket=yes ;;
        -h | --help) usage && exit ;;
        *) usage >&2 && fail "unknown argument: $1" ;;
    esac
    shift
done
for name in kind region bucket packages parameters; do
    [[ ${!name} ]] || { usage >&2 && fail "missing: $name"; }
done
[[ -d $packages ]] || fail "no such directory: $packages"
[[ -f $parameters ]] || fail "no such file: $parameters"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
aws=${AWS:-aws}
command -v "$aws" >/dev/null || fail "the AWS CLI is not there: $aws"
export AWS_PAGER="" AWS_REGION=$region AWS_DEFAULT_REGION=$region

case $kind in
    member) functions=(health-probe confirm-outage recovery-ledger detach-and-promote planned-failover dns-flip ecs-restart fence-writer loss-ledger rebuild-global) ;;
    witness) functions=(confirm-outage) ;;
esac

staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
for function in "${functions[@]}"; do
    [[ -f $packages/$function.zip ]] || fail "no package: $packages/$function.zip (make package)"
    ln "$packages/$function.zip" "$staging/" 2>/dev/null || cp "$packages/$function.zip" "$staging/"
done
[[ $kind == witness ]] || cp "$here"/../statemachine/*.asl.json "$staging/"

# Stacks notice new packages and definitions by their key only, so the key is made of their content.
version=$(cd "$staging" && sha256sum -- * | sha256sum | cut -c1-16)

overrides=("ArtifactBucket=$bucket" "ArtifactPrefix=$version")
while IFS= read -r line || [[ $line ]]; do
    [[ -z $line || $line == \#* ]] && continue
    [[ $line == *=* ]] || fail "$parameters: not NAME=VALUE: $line"
    overrides+=("$line")
done <"$parameters"

deploy() {
    "$aws" cloudformation deploy --stack-name "aurora-failover-$1" --template-file "$here/$1.yaml" \
        --parameter-overrides "${overrides[@]}" --capabilities CAPABILITY_NAMED_IAM \
        --tags application=aurora-failover --no-fail-on-empty-changeset ||
        fail "stack aurora-failover-$1 in $region failed; its events say why: $aws cloudformation describe-stack-events --stack-name aurora-failover-$1 --region $region"
}

[[ -z $create_bucket ]] || deploy artifacts
"$aws" s3 sync --only-show-errors "$staging" "s3://$bucket/$version/" || fail "cannot upload to s3://$bucket"
case $kind in
    member) for stack in ledger functions statemachine triggers; do deploy "$stack"; done ;;
    witness) deploy witness ;;
esac
