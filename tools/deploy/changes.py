"""What a deployment would change, stack by stack, and the changes made."""

import stacks as cloudformation
import templates

# A member was made in one global cluster, as the first or a later one, whatever the answers say today. Another value would
# have CloudFormation detach it or make it anew.
KEPT = {"database": {"GlobalCluster", "IsFirstMember"}}


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
        self.sets[stack] = region.change_set(stack, stack.values(self.aws), KEPT.get(stack.template, ())) or ()

    def say(self):
        """Prints what would change, and answers how many stacks."""
        changed = 0
        for stack in self.in_order():
            made = self.sets[stack]
            if made == ():
                continue
            changed += 1
            if made is None:
                kinds = [f"makes {name} ({resource['Type']})" for name, resource in templates.read(stack.template)["Resources"].items()
                         if isinstance(resource, dict)]
                print(f"\n{stack.region}  {stack.name}  new, {len(kinds)} resources at most")
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
            made = region.change_set(stack, stack.values(self.aws), ())
            if made is None:
                raise cloudformation.Refused(f"stack {stack.name} in {stack.region} would be empty")
        region.execute(stack.name, made[0])
        print(f"✓ {stack.region}  {stack.name}", flush=True)
