#!/usr/bin/env bash
# Deploys one Region. Regions share nothing, so the caller may run several of these at once.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: deploy.sh member|witness --region REGION --bucket BUCKET --packages DIRECTORY --parameters FILE [--create-bucket]
       deploy.sh failback --region REGION --parameters FILE

  member            a Region with a member of a plan: ledger, functions, state machines, triggers, alarms
  witness           the Region that only observes: one function
  failback          what only a failback may do, in the Region that it is started in; delete the stack after it
  --region          the Region to deploy to
  --bucket          its bucket for packages and definitions
  --packages        directory with <function>.zip, as `make package` leaves it
  --parameters      file with lines NAME=VALUE for the templates' parameters; '#' starts a comment;
                    each template takes those it declares; what the file leaves out has its default,
                    also where an earlier deployment had another value
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
        member | witness | failback) kind=$1 ;;
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
needed=(kind region parameters)
[[ $kind == failback ]] || needed+=(bucket packages)
for name in "${needed[@]}"; do
    [[ ${!name} ]] || { usage >&2 && fail "missing: $name"; }
done
if [[ $kind == failback ]]; then
    [[ ! $bucket$packages$create_bucket ]] || fail "failback takes --region and --parameters only"
else
    [[ -d $packages ]] || fail "no such directory: $packages"
fi
[[ -f $parameters ]] || fail "no such file: $parameters"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
aws=${AWS:-aws}
command -v "$aws" >/dev/null || fail "the AWS CLI is not there: $aws"
export AWS_PAGER="" AWS_REGION=$region AWS_DEFAULT_REGION=$region

# No stack refers to another one. Those that call a function or name a role by its name come after the one that has it.
member=(
    ledger observe runs fence aurora-global aurora-global-rebuild aurora-global-machines triggers alarms function-alarms
    aurora-global-alarms
)
failback=(aurora-global-failback)
case $kind in
    member) stacks=("${member[@]}") ;;
    witness) stacks=(witness) ;;
    failback) stacks=("${failback[@]}") ;;
esac

staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
# What the templates take from the bucket: functions' packages and state machines' definitions.
while IFS= read -r name; do
    case $name in
        *.zip) from=$packages/$name what=package target=package ;;
        *) from=$here/../statemachine/$name what=definition target=machines ;;
    esac
    [[ -f $from ]] || fail "no $what: $from (make $target)"
    ln "$from" "$staging/" 2>/dev/null || cp "$from" "$staging/"
done < <(for stack in "${stacks[@]}"; do
    sed -n 's|.*: !Sub ${ArtifactPrefix}/\([a-z.-]*\).*|\1|p' "$here/$stack.yaml"
done | sort -u)

# Stacks notice new packages and definitions by their key only, so the key is made of their content.
version=""
[[ $kind == failback ]] || version=$(cd "$staging" && sha256sum -- * | sha256sum | cut -c1-16)

# The parameters that a template declares, one a line: its name, and after a tab its default where it has one.
declared() {
    awk '
        function say() { if (name != "") print name default_value; name = ""; default_value = "" }
        { sub(/\r$/, "") }
        /^Parameters:/ { inside = 1; next }
        /^[A-Za-z]/ { say(); inside = 0 }
        inside && /^  [A-Za-z0-9]+:$/ { say(); name = $1; sub(/:$/, "", name) }
        inside && /^    Default: / {
            value = $0
            sub(/^    Default: /, "", value)
            gsub(/^"|"$/, "", value)
            default_value = "\t" value
        }
        END { say() }
    ' "$here/$1.yaml"
}

faults=()
names=(ArtifactBucket ArtifactPrefix)
values=("$bucket" "$version")
# The place of a parameter's value, or nothing.
place_of() {
    local place
    for place in "${!names[@]}"; do
        [[ ${names[place]} != "$1" ]] || { echo "$place" && return; }
    done
}
known=$(for template in "$here"/*.yaml; do declared "$(basename "$template" .yaml)"; done | cut -f1 | sort -u)
while IFS= read -r line || [[ $line ]]; do
    line=${line%$'\r'}
    [[ -z ${line//[[:space:]]/} || $line == \#* ]] && continue
    name=${line%%=*}
    if [[ $line != *=* ]]; then
        faults+=("not NAME=VALUE: $line")
    elif [[ $name == ArtifactBucket || $name == ArtifactPrefix ]]; then
        faults+=("$name is not for this file: --bucket and the packages decide it")
    elif ! grep -qxF -- "$name" <<<"$known"; then
        faults+=("no template has a parameter $name; it is misspelt or was removed")
    elif [[ $(place_of "$name") ]]; then
        faults+=("$name stands there twice")
    else
        names+=("$name")
        values+=("${line#*=}")
    fi
done <"$parameters"

# What a template is deployed with: all that it declares, so that no value of an earlier deployment stays in silence.
overrides_of() {
    local name default_value place
    while IFS=$'\t' read -r name default_value; do
        place=$(place_of "$name")
        echo "$name=$([[ $place ]] && echo "${values[place]}" || echo "$default_value")"
    done < <(declared "$1")
}

while IFS= read -r name; do
    [[ $(place_of "$name") ]] || faults+=("$name is missing and has no default")
done < <(for stack in "${stacks[@]}"; do declared "$stack"; done | grep -v $'\t' | sort -u)
regions=$(place_of MemberRegions)
if [[ $kind != witness && $regions && ",${values[regions]}," != *",$region,"* ]]; then
    faults+=("MemberRegions is ${values[regions]}; it names every member Region, $region included")
fi
# What does not fit a failback is named while all is well.
weighed=("${stacks[@]}")
[[ $kind != member ]] || weighed+=("${failback[@]}")
for stack in "${weighed[@]}"; do
    while read -r role size most; do
        ((size <= most)) || faults+=("the policies of $role in $stack.yaml would have $size characters, and IAM takes $most; write patterns that cover several plans, such as arn:aws:rds:*:123456789012:cluster:orders-*, above all in MemberClusterArns")
    done < <(awk -f "$here/policy-sizes.awk" <(overrides_of "$stack") "$here/$stack.yaml")
done
# Lambda takes so many bytes of a function's variables.
variables_max=3700
lists=(MemberClusterArns MemberInstanceArns CustomEndpointArns DatabaseRoleArns)
characters=0
for name in "${lists[@]}"; do
    place=$(place_of "$name")
    [[ ! $place ]] || ((characters += ${#values[place]}))
done
if [[ $kind == member ]] && ((characters > variables_max)); then
    faults+=("${lists[*]} have $characters characters together, and $variables_max fit the variables of rebuild-global; write patterns that cover several plans")
fi
if ((${#faults[@]})); then
    for fault in "${faults[@]}"; do echo "deploy.sh: $parameters: $fault" >&2; done
    fail "nothing was deployed"
fi

deploy() {
    local overrides=()
    while IFS= read -r line; do overrides+=("$line"); done < <(overrides_of "$1")
    "$aws" cloudformation deploy --stack-name "aurora-failover-$1" --template-file "$here/$1.yaml" \
        --parameter-overrides "${overrides[@]}" --capabilities CAPABILITY_NAMED_IAM \
        --tags application=aurora-failover --no-fail-on-empty-changeset ||
        fail "stack aurora-failover-$1 in $region failed; its events say why: $aws cloudformation describe-stack-events --stack-name aurora-failover-$1 --region $region"
}

[[ -z $create_bucket ]] || deploy artifacts
if [[ $kind != failback ]]; then
    "$aws" s3 sync --only-show-errors "$staging" "s3://$bucket/$version/" || fail "cannot upload to s3://$bucket"
fi
for stack in "${stacks[@]}"; do deploy "$stack"; done
