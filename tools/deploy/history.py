"""Every deployment is kept in its Region's bucket, so that the one before can be given back, parameters and templates included."""

import datetime
import json

import regions
import stacks as cloudformation
import templates

FOLDER = "deployments/"


def keep(aws, deployment, only):
    """Notes what the functions' stacks of each Region were deployed with."""
    for region in deployment.regions():
        if only and region not in only:
            continue
        noted = [
            {"template": stack.template, "name": stack.name, "body": stack.body(), "values": stack.values(aws)}
            for stack in deployment.functions(region)]
        note(aws, deployment, region, {"version": deployment.version, "stacks": noted})


def note(aws, deployment, region, deployed):
    """Notes as the last one what a Region's stacks were deployed with, a rollback's among them."""
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = json.dumps({**deployed, "at": at})
    aws.client("s3", region).put_object(Bucket=deployment.bucket(region), Key=f"{FOLDER}{at}.json", Body=text.encode())


def before(aws, deployment, region):
    """The stacks of the deployment before the last one, and what was noted of it."""
    client, bucket = aws.client("s3", region), deployment.bucket(region)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER)
    keys = sorted(one["Key"] for page in pages for one in page.get("Contents", []))
    if len(keys) < 2:
        raise cloudformation.Refused(f"{region} has no deployment before the last one; there are {len(keys)} in s3://{bucket}/{FOLDER}")
    noted = json.loads(client.get_object(Bucket=bucket, Key=keys[-2])["Body"].read())
    found = [
        regions.Stack(region, one["template"], one["name"], one["values"], one["body"]) for one in noted["stacks"]
        if one["template"] in templates.MEMBER + templates.OF_HOME + templates.WITNESS]
    return found, noted
