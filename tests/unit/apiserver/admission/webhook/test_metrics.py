from __future__ import annotations

from steersman.apiserver.admission.webhook.metrics import CALL_FAILED, WebhookMetrics
from steersman.lib.metrics import Registry


def test_outcomes_are_counted_under_upstreams_names():
    registry = Registry()
    metrics = WebhookMetrics(registry=registry)
    metrics.asked("w", "admit", "CREATE", seconds=0.01, code=200, rejected=False)
    metrics.rejected("w", "admit", "CREATE", CALL_FAILED, 9000)
    metrics.failed_open("w", "validating")
    text = registry.render().decode()
    prefix = "apiserver_admission_webhook_"
    for line in (
        f'{prefix}request_total{{name="w",type="admit",operation="CREATE",code="200",rejected="false"}} 1',
        f'{prefix}admission_duration_seconds_count{{name="w",type="admit",operation="CREATE",rejected="false"}} 1',
        f'{prefix}rejection_count{{name="w",type="admit",operation="CREATE",error_type="calling_webhook_error",rejection',
        f'{prefix}fail_open_count{{name="w",type="validating"}} 1',
    ):
        assert line in text
