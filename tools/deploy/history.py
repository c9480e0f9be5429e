"""Every deployment is kept in its Region's bucket, so that the one before can be given back, parameters and templates included."""

import datetime
import json

import regions
import stacks as cloudformation
import templates

FOLDER = "deployments/"


def begin(aws, deployment, only):
    """Notes in each Region that a deployment has begun, and answers when: one that fails is none to go back to, nor from."""
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for region in deployment.regions():
        if not only or region in only:
            _write(aws, deployment, region, at, {})
    return at


def keep(aws, deployment, only, at):
    """Notes what the functions' stacks of each Region were deployed with."""
    for region in deployment.regions():
        if only and region not in only:
            continue
        noted = [
            {"template": stack.template, "name": stack.name, "body": stack.body(), "values": stack.values(aws)}
            for stack in deployment.functions(region)]
        _write(aws, deployment, region, at, {"version": deployment.version, "stacks": noted})


def keep_rollback(aws, deployment, region, noted):
    """Notes as the last deployment what a Region's stacks were given back."""
    _write(aws, deployment, region, begin(aws, deployment, {region}), noted)


def _write(aws, deployment, region, at, noted):
    text = json.dumps({**noted, "at": at})
    aws.client("s3", region).put_object(Bucket=deployment.bucket(region), Key=f"{FOLDER}{at}.json", Body=text.encode())


def before(aws, deployment, region):
    """The stacks of the last deployment before this one, or of the last one where a later one failed, and what was noted of it."""
    client, bucket = aws.client("s3", region), deployment.bucket(region)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER)
    keys = sorted(one["Key"] for page in pages for one in page.get("Contents", []))
    succeeded, is_passed = None, False
    for key in reversed(keys):
        noted = json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())
        if "stacks" in noted and (is_passed or key != keys[-1]):
            succeeded = noted
            break
        is_passed = True
    if succeeded is None:
        raise cloudformation.Refused(f"{region} has no deployment to go back to; there are {len(keys)} in s3://{bucket}/{FOLDER}")
    found = [
        regions.Stack(region, one["template"], one["name"], one["values"], one["body"]) for one in succeeded["stacks"]
        if one["template"] in templates.MEMBER + templates.OF_HOME + templates.WITNESS]
    return found, succeeded
