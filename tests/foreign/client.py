"""A county system written in Python: pushes, is corrected, pulls, looks around.

Usage: client.py ADDRESS COUNTY PERIOD ROOT FOLDER, where ROOT is the node's root and FOLDER holds
what `liandong cert` made for the caller. The stubs made from proto/ are on PYTHONPATH. Exits with 0
only when the node did all that a caller relies on.

client.py ADDRESS COUNTY PERIOD ROOT FOLDER stranger: the node must have nothing to do with whoever
shows what is in FOLDER (- for nobody); what it said is printed.
"""

import pathlib
import sys

import grpc
from google.protobuf import descriptor_pool
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from liandong.progress.v1 import progress_pb2 as progress
from liandong.progress.v1 import progress_pb2_grpc
from liandong.rollup.v1 import rollup_pb2 as rollup
from liandong.rollup.v1 import rollup_pb2_grpc

INDICATOR = "compulsory-dropouts"
LIMIT = 30


def equal(what, got, expected):
    if got != expected:
        sys.exit(f"python: {what}: got {got!r}, expected {expected!r}")
    print(f"python: {what}: {got!r}")


def report(source, number, **more):
    return progress.Report(source=source, indicator=INDICATOR, numerator=number, **more)


def push(channel, county, period):
    service = progress_pb2_grpc.ProgressServiceStub(channel)
    rows = [report(f"{county}-00{n}", n, period=period) for n in (1, 2)]
    rows.append(report("没有的学校", 1, period=period))
    batch = progress.ReportBatch(id="python-1", by="python", rows=rows)
    request = progress.PushReportsRequest(batch=batch)
    answer = service.PushReports(request, timeout=LIMIT, metadata=[("accept-language", "en")])
    equal("accepted", answer.counts.accepted, 2)
    equal("refused", answer.counts.refused, 1)
    refused = answer.outcomes[0]
    equal("refused row", refused.row, 3)
    equal("reason", refused.refusal.reason, "MALFORMED")
    equal("field", refused.refusal.field, "source")
    equal("value", refused.refusal.value, "没有的学校")
    again = service.PushReports(request, timeout=LIMIT)
    equal("duplicates of a repeated batch", again.counts.duplicate, 2)

    def batches():
        for number, figure in ((1, 5), (2, 7)):
            row = report(f"{county}-00{number}", figure, period=period, id=f"python-fix-{number}")
            one = progress.ReportBatch(id=f"python-up-{number}", by="python", rows=[row])
            yield progress.UploadReportsRequest(batch=one)

    uploaded = service.UploadReports(batches(), timeout=LIMIT)
    equal("uploaded batches", uploaded.batches, 2)
    equal("superseded by the upload", uploaded.counts.superseded, 2)
    asked = progress.ListHistoryRequest(
        source=f"{county}-001", indicator=INDICATOR, period=period
    )
    history = service.ListHistory(asked, timeout=LIMIT)
    equal("history", [version.numerator for version in history.versions], [5, 1])


def pull(channel, county, period):
    service = rollup_pb2_grpc.RollupServiceStub(channel)
    request = rollup.GetRollupRequest(region=county, indicator=INDICATOR, period=period)
    rows = service.GetRollup(request, timeout=LIMIT).rows
    equal("roll-up", [(row.sums.numerator, row.sums.reported) for row in rows], [(12, 2)])
    wrong = rollup.GetRollupRequest(region=county, indicator="没有", period=period)
    try:
        service.GetRollup(wrong, timeout=LIMIT, metadata=[("accept-language", "zh-CN")])
        sys.exit("python: an unknown indicator was taken")
    except grpc.RpcError as error:
        equal("status", error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        status = status_pb2.Status.FromString(details)
        bad = error_details_pb2.BadRequest()
        found = [detail for detail in status.details if detail.Unpack(bad)]
        equal("fields in the details", len(found), 1)
        equal("field in the details", bad.field_violations[0].field, "indicator")


def look_around(channel):
    health = health_pb2_grpc.HealthStub(channel)
    asked = health_pb2.HealthCheckRequest(service="liandong.progress.v1.ProgressService")
    serving = health_pb2.HealthCheckResponse.SERVING
    equal("health", health.Check(asked, timeout=LIMIT).status, serving)

    database = ProtoReflectionDescriptorDatabase(channel)
    services = database.get_services()
    equal("reflection v1alpha", "liandong.rollup.v1.RollupService" in services, True)
    pool = descriptor_pool.DescriptorPool(database)
    described = pool.FindServiceByName("liandong.rollup.v1.RollupService")
    equal("described by reflection", "GetRollup" in described.methods_by_name, True)

    # The messages of v1 are those of v1alpha under another service name.
    call = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    request = reflection_pb2.ServerReflectionRequest(list_services="*")
    answer = next(iter(call(iter([request]), timeout=LIMIT)))
    names = [service.name for service in answer.list_services_response.service]
    equal("reflection v1", "liandong.progress.v1.ProgressService" in names, True)


def credentials(root, folder):
    """What is shown to the node, and by what the node is known."""
    root = pathlib.Path(root).read_bytes()
    if folder == "-":
        return grpc.ssl_channel_credentials(root)
    key, certificate = (pathlib.Path(folder, name).read_bytes() for name in ("key.pem", "certificate.pem"))
    return grpc.ssl_channel_credentials(root, key, certificate)


def be_refused(channel, county, period):
    """Asks for several things; none is answered, and nothing is said of what there is."""
    rollup_service = rollup_pb2_grpc.RollupServiceStub(channel)
    asked = rollup.GetRollupRequest(region=county, indicator=INDICATOR, period=period)
    health = health_pb2_grpc.HealthStub(channel)
    for call, request in (
        (rollup_service.GetRollup, asked),
        (health.Check, health_pb2.HealthCheckRequest()),
    ):
        try:
            call(request, timeout=LIMIT)
            sys.exit("python: a stranger was answered")
        except grpc.RpcError as error:
            known = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED)
            equal("refused", error.code() in known, True)
            print(f"python: heard: {error.details()}")


def main():
    address, county, period, root, folder, *how = sys.argv[1:]
    with grpc.secure_channel(address, credentials(root, folder)) as channel:
        if how == ["stranger"]:
            be_refused(channel, county, period)
            return
        push(channel, county, period)
        pull(channel, county, period)
        look_around(channel)
    print("python: all well")


main()
