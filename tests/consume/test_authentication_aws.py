"""AWS Signature Version 4: Amazon's published examples, and signatures of the requests as sent."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consume.calling import authenticated, call
from naftiko_run.consume import OutgoingRequest
from naftiko_run.consume.authentication.aws import AwsSignature, service_and_region
from support.upstream import Upstream

SUITE_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
S3_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def signed(scheme: AwsSignature, request: OutgoingRequest, moment: datetime) -> str:
    headers = scheme.signed(request, moment).headers
    (authorization,) = (value for name, value in headers if name == "Authorization")
    return authorization


def test_get_vanilla_of_the_test_suite() -> None:
    scheme = AwsSignature("AKIDEXAMPLE", SUITE_SECRET, "", "us-east-1", "service")
    request = OutgoingRequest("a.b", "GET", "https://example.amazonaws.com/", (("Accept", "*/*"),))
    moment = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    assert signed(scheme, request, moment) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )
    assert ("X-Amz-Date", "20150830T123600Z") in scheme.signed(request, moment).headers


@pytest.mark.parametrize("path", ["//", "/./", "/example/..", "/example1/example2/../.."])
def test_paths_of_the_test_suite_that_lead_to_the_root(path: str) -> None:
    scheme = AwsSignature("AKIDEXAMPLE", SUITE_SECRET, "", "us-east-1", "service")
    request = OutgoingRequest("a.b", "GET", f"https://example.amazonaws.com{path}", ())
    authorization = signed(scheme, request, datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    assert authorization.endswith("=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")


@pytest.mark.parametrize(
    ("target", "headers", "names", "signature"),
    [
        (
            "/test.txt",
            [("Range", "bytes=0-9")],
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "/?lifecycle",
            [],
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "/?prefix=J&max-keys=2",
            [],
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_examples_of_s3(target: str, headers: list[tuple[str, str]], names: str, signature: str) -> None:
    scheme = AwsSignature("AKIAIOSFODNN7EXAMPLE", S3_SECRET, "", "us-east-1", "s3")
    request = OutgoingRequest("a.b", "GET", f"https://examplebucket.s3.amazonaws.com{target}", tuple(headers))
    assert signed(scheme, request, datetime(2013, 5, 24, tzinfo=UTC)) == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("apigateway.eu-west-1.amazonaws.com", ("apigateway", "eu-west-1")),
        ("a1b2.execute-api.us-gov-west-1.amazonaws.com", ("execute-api", "us-gov-west-1")),
        ("bucket.s3.dualstack.eu-north-1.amazonaws.com", ("s3", "eu-north-1")),
        ("my.bucket.s3.amazonaws.com", ("s3", "us-east-1")),
        ("search-x.us-west-2.es.amazonaws.com", ("es", "us-west-2")),
        ("dynamodb.cn-north-1.amazonaws.com.cn", ("dynamodb", "cn-north-1")),
        ("iam.amazonaws.com", ("iam", "us-east-1")),
        ("api.example.com", ("", "")),
    ],
)
def test_service_and_region_are_derived_from_the_host(host: str, found: tuple[str, str]) -> None:
    assert service_and_region(host) == found


def test_a_call_is_signed_as_sent(tmp_path: Path, upstream: Upstream) -> None:
    block = {
        "type": "aws-sig-v4",
        "accessKeyId": "{{ID}}",
        "secretKey": "{{SECRET}}",
        "region": "eu-west-1",
        "service": "execute-api",
        "sessionToken": "{{TOKEN}}",
    }
    operation = {
        "method": "POST",
        "inputParameters": [
            {"in": "query", "name": "q"},
            {"in": "header", "name": "X-Amz-Target"},
            {"in": "header", "name": "X-Amz-Date"},
            {"in": "body", "name": "body", "type": "object"},
        ],
    }
    environment = {"ID": "AKID", "SECRET": "s3cret", "TOKEN": "session"}
    capability = authenticated(
        tmp_path, upstream.url, block, operation, path="/a b/{id}:go", environment=environment
    )
    assert set(capability.function("m.t").input_schema["properties"]) == {"q", "X-Amz-Target", "body", "id"}
    inputs = {"id": "x/*'é", "q": "a b*(c)", "X-Amz-Target": "T", "body": {"n": 1}}
    assert call(capability, **inputs).status == 200
    came = upstream.only
    assert came.target == "/a%20b/x%2F%2A%27%C3%A9%3Ago?q=a%20b%2A%28c%29"
    names = re.search(r"SignedHeaders=([^,]+)", came.header("authorization"))
    assert names
    assert names.group(1) == "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
    again = OutgoingRequest(
        "a.b",
        "POST",
        upstream.url + came.target,
        (("Content-Type", came.header("content-type")), ("X-Amz-Target", "T")),
        came.body,
    )
    scheme = AwsSignature("AKID", "s3cret", "session", "eu-west-1", "execute-api")
    moment = datetime.strptime(came.header("x-amz-date"), "%Y%m%dT%H%M%S%z")
    assert signed(scheme, again, moment) == came.header("authorization")
    assert abs(datetime.now(UTC) - moment).total_seconds() < 60
    assert came.header("x-amz-security-token") == "session"


def test_the_sandbox_shows_that_it_would_sign(tmp_path: Path) -> None:
    block = {"type": "aws-sig-v4", "accessKeyId": "k", "secretAccessKey": "s"}
    outcome = call(authenticated(tmp_path, "https://api.example", block, sandbox=True))
    shown = json.loads(outcome.content)["sandbox"]["wouldSend"]["headers"]
    assert shown["Authorization"] == "AWS4-HMAC-SHA256 ***"
