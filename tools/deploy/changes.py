"""What a deployment would change, stack by stack, and the changes made."""

import time

import stacks as cloudformation
import templates

# A member was made in one global cluster, as the first or a later one, whatever the answers say today. Another value would
# have CloudFormation detach it or make it anew.
KEPT = {"database": {"GlobalCluster", "IsFirstMember"}}
# How long a peering connection that was just asked for may stay unseen in the Region that accepts it.
PEERING_SECONDS_MAX = 60


class Changes:
    """The changes of all stacks, in the order in which they are made."""

    def __init__(self, aws, stages):
        self.aws, self.stages, self.sets = aws, stages, {}

    def look(self):
        """Makes the change sets of the stacks that are there; those that are new are known from their templates."""
        chains = [chain for stage in self.stages for chain in stage]
        cloudformation.side_by_side([lambda chain=chain: [self._look_at(stack) for stack in chain] for chain in chains])

    def _look_at(self, stack):
        region = self.aws.stacks(stack.region)
        there = region.described(stack.name)
        if there is None:
            self.sets[stack] = None
            return
        if fault := cloudformation.way_out(stack.region, stack.name, there["StackStatus"]):
            raise cloudformation.Refused(fault)
        # A peering connection that nobody finds today leaves the routes as they are.
        kept = KEPT.get(stack.template, set()) | stack.unknown(self.aws)
        self.sets[stack] = region.change_set(stack, stack.values(self.aws), kept) or ()

    def say(self):
        """Prints what would change, and answers how many stacks."""
        changed = 0
        for stack in self.in_order():
            made = self.sets[stack]
            if made == ():
                continue
            changed += 1
            if made is None:
                resources = templates.read(stack.template)["Resources"].values()
                loops = sum(not isinstance(resource, dict) for resource in resources)
                more = f", and those of {loops} lists" if loops else ""
                print(f"\n{stack.region}  {stack.name}  new, {len(resources) - loops} resources at most{more}")
            else:
                print(f"\n{stack.region}  {stack.name}")
                for change in made[2]:
                    print(f"    {cloudformation.in_words(change)}")
        return changed

    def in_order(self):
        return [stack for stage in self.stages for chain in stage for stack in chain]

    def lost(self):
        """What would be taken away that holds data."""
        return [
            f"{stack.name} in {stack.region} {cloudformation.in_words(change)}"
            for stack in self.in_order() if self.sets[stack] for change in self.sets[stack][2]
            if cloudformation.takes_away(change)]

    def forget(self):
        for stack, made in self.sets.items():
            if made:
                self.aws.stacks(stack.region).forget(stack.name, made[0], made[1])

    def make(self, between):
        """Makes it so, stage by stage; `between` is called after the first one, when the buckets are there."""
        for at, stage in enumerate(self.stages):
            cloudformation.side_by_side([lambda chain=chain: [self._make(stack) for stack in chain] for chain in stage])
            if at == 0:
                between()

    def _make(self, stack):
        made, region = self.sets[stack], self.aws.stacks(stack.region)
        if made == ():
            return
        if made is None:
            if not self._is_peered(stack):
                raise cloudformation.Refused(
                    f"stack {stack.name} in {stack.region} finds no active peering connection with {stack.given['PeerVpcId']}; deploy "
                    f"{stack.given['PeerRegion']} first, or accept the one that waits, with aws ec2 accept-vpc-peering-connection "
                    f"--region {stack.region}")
            made = region.change_set(stack, stack.values(self.aws), ())
            if made is None:
                raise cloudformation.Refused(f"stack {stack.name} in {stack.region} would be empty")
        region.execute(stack.name, made[0])
        print(f"✓ {stack.region}  {stack.name}", flush=True)

    def _is_peered(self, stack):
        """Whether the connection that a stack needs is there: it may be seen here some seconds later than where it was asked for."""
        deadline = time.monotonic() + PEERING_SECONDS_MAX
        while stack.unknown(self.aws):
            if time.monotonic() > deadline:
                return False
            time.sleep(cloudformation.POLL_SECONDS)
        return True
