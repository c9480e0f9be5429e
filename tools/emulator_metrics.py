"""What MiniStack 1.5.33 lacks of CloudWatch for the drill's alarms. Each part says what of AWS it mirrors."""

import collections
import json
import threading
import time

# CloudWatch evaluates an alarm of a minute every minute. Sooner here, so that a drill waits for less.
EVALUATED_EVERY = 5
# CloudWatch looks at more periods than it evaluates, and does not say at how many more. Its own example has five for three.
FURTHER_BACK = 2
STATES = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def embedded(line):
    """The metrics of a log line in the embedded metric format: namespace, name, dimensions, seconds, unit and value of each.

    Mirrors CloudWatch Logs: each set of dimensions is a metric of its own, at the time that the line names.
    """
    try:
        root = json.loads(line) if line.startswith("{") and '"_aws"' in line else {}
    except ValueError:
        return
    about = root.get("_aws", {})
    for directive in about.get("CloudWatchMetrics", []):
        for names in directive["Dimensions"]:
            dimensions = {name: root[name] for name in names}
            for metric in directive["Metrics"]:
                name, unit = metric["Name"], metric.get("Unit", "None")
                yield directive["Namespace"], name, dimensions, about["Timestamp"] / 1000, unit, root[name]


def count_invocations(lambdas, cloudwatch):
    """Counts every invocation once it has ended, whoever called the function, and what was refused.

    Mirrors Lambda's metrics. MiniStack counts what its API is asked alone, and calls what is refused an invocation.
    """
    known_dispatch, known_logs = lambdas._execute_function_dispatch, lambdas._emit_lambda_logs

    def record(function, name, value):
        cloudwatch.record_metric("AWS/Lambda", name, value, "Count", {"FunctionName": function})

    def dispatch(func, config, event, request_id, started):
        result = known_dispatch(func, config, event, request_id, started)
        function = config.get("FunctionName", "")
        if result.get("throttle"):
            record(function, "Throttles", 1)
        else:
            record(function, "Invocations", 1)
            record(function, "Errors", 1 if result.get("error") else 0)
        return result

    def refused(function, duration_ms, error, throttle):
        if throttle:
            record(function, "Throttles", 1)

    def logs(func, request_id, text, error, duration_ms, **more):
        known_logs(func, request_id, text, error, duration_ms, **more)
        for line in (text or "").splitlines():
            for namespace, name, dimensions, at, unit, value in embedded(line):
                cloudwatch._store_datum(namespace, name, dimensions, at, unit, value, None, None, None)

    lambdas._execute_function_dispatch, lambdas._emit_lambda_metrics = dispatch, refused
    lambdas._emit_lambda_logs = logs


def count_executions(machines, cloudwatch):
    """Counts how executions end. Mirrors Step Functions' metrics, of which MiniStack has none."""
    known = machines._emit_execution_status_event

    def ended(execution):
        known(execution)
        name = STATES.get(execution["status"])
        if name:
            dimensions = {"StateMachineArn": execution["stateMachineArn"]}
            cloudwatch.record_metric("AWS/States", name, 1, "Count", dimensions)

    machines._emit_execution_status_event = ended


def crosses(alarm, value):
    """Whether a value is beyond the alarm's threshold."""
    threshold = alarm["Threshold"]
    return {
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "GreaterThanThreshold": value > threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }[alarm["ComparisonOperator"]]


def judged(alarm, points, now, value_of):
    """The state that an alarm has by these points of its metric.

    Mirrors "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" of the user guide: the newest periods
    that have points count. Only where there are fewer of these than are evaluated is what is missing treated as the alarm says.
    """
    period, evaluated = alarm["Period"], alarm["EvaluationPeriods"]
    wanted = alarm.get("DatapointsToAlarm") or evaluated
    by_period = collections.defaultdict(list)
    for point in points:
        by_period[int(point["Timestamp"] // period)].append(point)
    newest = int(now // period)
    # The period that has just begun counts from its first point on.
    looked_at = range(newest, newest - evaluated - FURTHER_BACK - 1, -1)
    breaching = [crosses(alarm, value_of(by_period[place])) for place in looked_at if place in by_period]
    treats = alarm.get("TreatMissingData", "missing")
    if not breaching and treats == "missing":
        return "INSUFFICIENT_DATA"
    if not breaching and treats == "ignore":
        return alarm["StateValue"]
    missing = max(evaluated - len(breaching), 0)
    bad = sum(breaching[:evaluated]) + (missing if treats == "breaching" else 0)
    return "ALARM" if bad >= wanted else "OK"


def evaluate_alarms(cloudwatch, scope):
    """Evaluates every alarm of every Region again and again, by the metric with its dimensions alone and as [`judged`] says.

    MiniStack evaluates when a metric is put, over all dimensions, and knows neither periods nor missing data.
    """

    def evaluate(alarm):
        if not alarm.get("MetricName"):
            return
        dimensions = {found["Name"]: found["Value"] for found in alarm.get("Dimensions") or []}
        key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))

        def value_of(points):
            return cloudwatch._calc_stats(points)[alarm.get("Statistic") or "Average"]

        before = alarm["StateValue"]
        state = judged(alarm, list(cloudwatch._metrics.get(key) or []), time.time(), value_of)
        if state == before:
            return
        reason = f"Threshold Crossed: {alarm['ComparisonOperator']} {alarm['Threshold']}"
        alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
        cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
        cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
        cloudwatch._evaluate_parent_alarms(alarm)

    def again_and_again():
        while True:
            time.sleep(EVALUATED_EVERY)
            for account, region in {key[:2] for key in list(cloudwatch._alarms._data)}:
                with scope(account, region):
                    cloudwatch._evaluate_all_alarms()

    cloudwatch._evaluate_alarm = evaluate
    threading.Thread(target=again_and_again, daemon=True, name="evaluate-alarms").start()
