#!/usr/bin/env bash
# A game day: takes the network away from some subnets, and gives it back.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: network.sh deny --region REGION --subnets SUBNET,SUBNET...
       network.sh give-back --region REGION [--originals SUBNET=ACL,SUBNET=ACL...]

  deny         gives up to six subnets of one VPC a network ACL that denies everything, by the stack aurora-failover-game-day.
               Which ACL each had before is kept in that stack, and in the file game-day-REGION.txt here
  give-back    gives each subnet the ACL that it had, looks whether it has it, and deletes the stack. It may be called again
  --originals  what to give back, where the stack is gone: the content of that file

Call it from outside of those subnets. Credentials are the AWS CLI's own. AWS names the CLI to use (default: aws).
USAGE
}

fail() {
    echo "network.sh: $*" >&2
    exit 2
}

kind="" region="" subnets="" originals=""
while (($#)); do
    case $1 in
        deny | give-back) kind=$1 ;;
        --region | --subnets | --originals)
            (($# >= 2)) || fail "$1 needs a value"
            declare "${1#--}=$2"
            shift
            ;;
        -h | --help) usage && exit ;;
        *) usage >&2 && fail "unknown argument: $1" ;;
    esac
    shift
done
[[ $kind && $region ]] || { usage >&2 && fail "say what to do, and in which Region"; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
aws=${AWS:-aws}
command -v "$aws" >/dev/null || fail "the AWS CLI is not there: $aws"
export AWS_PAGER="" AWS_REGION=$region AWS_DEFAULT_REGION=$region
stack=aurora-failover-game-day
note=game-day-$region.txt

# Lines of a subnet, its ACL, and the id by which that is replaced.
associations() {
    "$aws" ec2 describe-network-acls --filters "Name=association.subnet-id,Values=$1" \
        --query 'NetworkAcls[].Associations[].[SubnetId,NetworkAclId,NetworkAclAssociationId]' --output text |
        awk -v wanted=",$1," 'index(wanted, "," $1 ",")'
}

# What the stack kept; nothing where there is no stack. Whoever may not look must not be told that there is none.
kept() {
    local said
    if said=$("$aws" cloudformation describe-stacks --stack-name "$stack" \
        --query "Stacks[0].Parameters[?ParameterKey=='Originals'].ParameterValue" --output text 2>&1); then
        echo "$said"
    elif [[ $said != *"does not exist"* ]]; then
        fail "whether the stack $stack is there cannot be told: $said"
    fi
}

deny() {
    [[ $subnets =~ ^subnet-[0-9a-f]+(,subnet-[0-9a-f]+){0,5}$ ]] || fail "--subnets takes one to six subnets, separated by commas"
    local list before overrides count=0 kept_before
    IFS=, read -ra list <<<"$subnets"
    [[ $(printf '%s\n' "${list[@]}" | sort | uniq -d) == "" ]] || fail "a subnet stands there twice"
    # A second note would say that the denying ACL is the original.
    kept_before=$(kept)
    [[ ! $kept_before ]] || fail "a game day is under way in $region; give back first: $kept_before"
    vpc=$("$aws" ec2 describe-subnets --subnet-ids "${list[@]}" --query 'Subnets[].VpcId' --output text | tr -s '\t ' '\n' | sort -u)
    [[ $vpc =~ ^vpc-[0-9a-f]+$ ]] || fail "the subnets are not of one VPC: ${vpc//$'\n'/, }"
    before=$(associations "$subnets" | awk '{print $1 "=" $2}' | sort | paste -sd, -)
    [[ $(tr ',' '\n' <<<"$before" | wc -l) == "${#list[@]}" ]] || fail "not each of the subnets has a network ACL: $before"
    overrides=("VpcId=$vpc" "Originals=$before")
    for subnet in "${list[@]}"; do
        count=$((count + 1))
        overrides+=("Subnet$count=$subnet")
    done
    echo "$before" >"$note"
    echo "what they have now is in $note: $before"
    "$aws" cloudformation deploy --stack-name "$stack" --template-file "$here/deny-network.yaml" \
        --parameter-overrides "${overrides[@]}"
    echo "denied. Give back: $0 give-back --region $region"
}

give_back() {
    local pairs pair subnet wanted found acl association all
    originals=${originals:-$(kept)}
    [[ $originals ]] || fail "there is no stack $stack in $region; name what to give back by --originals, as $note has it"
    [[ $originals =~ ^subnet-[0-9a-f]+=acl-[0-9a-f]+(,subnet-[0-9a-f]+=acl-[0-9a-f]+)*$ ]] || fail "not SUBNET=ACL,…: $originals"
    IFS=, read -ra pairs <<<"$originals"
    for pair in "${pairs[@]}"; do
        subnet=${pair%%=*} wanted=${pair#*=}
        found=$(associations "$subnet")
        read -r _ acl association <<<"$found" || fail "$subnet is not there any more"
        [[ $acl != "$wanted" ]] || { echo "$subnet has $wanted" && continue; }
        "$aws" ec2 replace-network-acl-association --association-id "$association" --network-acl-id "$wanted" --output text
        echo "$subnet is given $wanted, it had $acl"
    done
    all=$(printf '%s\n' "${pairs[@]%%=*}" | paste -sd, -)
    found=$(associations "$all" | awk '{print $1 "=" $2}' | sort | paste -sd, -)
    [[ $found == $(printf '%s\n' "${pairs[@]}" | sort | paste -sd, -) ]] || fail "not all were given back, call it again: $found"
    "$aws" cloudformation delete-stack --stack-name "$stack"
    "$aws" cloudformation wait stack-delete-complete --stack-name "$stack"
    echo "given back: $found"
}

case $kind in
    deny) deny ;;
    give-back) give_back ;;
esac
