"""Drives a portal with the vendor's SDK, as it is. Fails with a traceback, or says "all is well"."""

import os

import requests
from b24pysdk import BitrixApp, BitrixToken, BitrixWebhook, Client
from b24pysdk.errors import (
    BitrixAPIBadRequest,
    BitrixAPIInsufficientScope,
    BitrixAPIInvalidCredentials,
    BitrixAPIInvalidToken,
    BitrixAPIOperationTimeLimit,
    BitrixAPIQueryLimitExceeded,
)
from b24pysdk.errors.oauth import BitrixOAuthInvalidClient, BitrixOAuthInvalidGrant

CONTROL = os.environ["PORTAL_CONTROL"]
DOMAIN = "portal.example"


def control(path, body):
    response = requests.post(f"{CONTROL}/{path}", json=body, timeout=30)
    response.raise_for_status()
    return response.json()


def shown(message):
    return requests.get(f"{CONTROL}/messages/{message}", timeout=30).json()


def refused(error, call):
    try:
        call()
    except error as refusal:
        return refusal
    raise AssertionError(f"not refused with {error.__name__}")


def webhook():
    client = Client(BitrixWebhook(domain=DOMAIN, webhook_token="1/local"))
    assert client.profile().result["ID"] == "1"

    said = client.im.message.add("chat1", message="Hello & ещё [b]раз[/b]").result
    assert shown(said)["text"] == "Hello & ещё [b]раз[/b]"
    assert client.im.message.like(said, action="plus").result is True
    assert shown(said)["likes"] == [1]
    refusal = refused(BitrixAPIBadRequest, lambda: client.im.message.like(said, action="plus").result)
    assert refusal.json_response["error"] == "WITHOUT_CHANGES"

    control("faults", {"kind": "query_limit", "method": "profile", "times": 3})
    refused(BitrixAPIQueryLimitExceeded, lambda: client.profile(timeout=30).result)
    control("faults", {"kind": "operation_limit", "method": "profile"})
    refused(BitrixAPIOperationTimeLimit, lambda: client.profile().result)

    stranger = Client(BitrixWebhook(domain=DOMAIN, webhook_token="1/wrong"))
    refused(BitrixAPIInvalidCredentials, lambda: stranger.profile().result)
    return client


def batches(client):
    said = [client.im.message.add("chat1", message=f"Nr. {n} & more") for n in range(50)]
    answer = client.call_batch(said).result
    assert [shown(id)["text"] for id in answer.result] == [f"Nr. {n} & more" for n in range(50)]
    assert not answer.result_error

    named = {
        "say": client.im.message.add("chat1", message="likes itself"),
        "like": client.im.message.like("$result[say]", action="plus"),
        "again": client.im.message.like("$result[say]", action="plus"),
    }
    answer = client.call_batch(named).result
    assert answer.result["like"] is True, answer
    assert shown(answer.result["say"])["likes"] == [1]
    assert answer.result_error["again"]["error"] == "WITHOUT_CHANGES"


def application():
    installed = control("applications", {"scopes": ["im"]})
    app = BitrixApp(client_id=installed["client_id"], client_secret=installed["client_secret"])
    token = BitrixToken(
        domain=DOMAIN,
        auth_token=installed["access_token"],
        refresh_token=installed["refresh_token"],
        bitrix_app=app,
    )
    client = Client(token)
    assert client.app.info().result["INSTALLED"] is True
    refused(BitrixAPIInsufficientScope, lambda: client.user.current().result)
    info = token.get_app_info().result
    assert info.client_id == installed["client_id"] and info.user_id == 1
    assert info.install.installed and info.install.member_id == installed["member_id"]

    control("clock", {"advance_seconds": 3601})
    assert client.profile().result["ID"] == "1", "with a new token"
    assert token.auth_token != installed["access_token"]
    assert token.refresh_token != installed["refresh_token"]
    wrong = BitrixApp(client_id=installed["client_id"], client_secret="wrong")
    refused(BitrixOAuthInvalidClient, lambda: wrong.refresh_oauth_token(token.refresh_token))
    renewed = app.refresh_oauth_token(token.refresh_token)
    assert renewed.portal_domain == DOMAIN and renewed.member_id == installed["member_id"]

    asked = {"client_id": installed["client_id"], "state": "tea"}
    sent = requests.get(f"https://{DOMAIN}/oauth/authorize/", params=asked, timeout=30).json()
    allowed = app.get_oauth_token(sent["code"])
    assert allowed.user_id == 1
    refused(BitrixOAuthInvalidGrant, lambda: app.get_oauth_token(sent["code"]))

    token.oauth_token = renewed.oauth_token
    assert client.profile().result["ID"] == "1"
    refused(BitrixOAuthInvalidGrant, lambda: app.refresh_oauth_token(installed["refresh_token"]))
    refused(BitrixAPIInvalidToken, lambda: client.profile().result)

    unknown = Client(BitrixToken(domain=DOMAIN, auth_token="unknown", bitrix_app=app))
    refused(BitrixAPIInvalidToken, lambda: unknown.profile().result)
    token.oauth_token = allowed.oauth_token
    return token


def move(token):
    control("domain", {"url": "https://moved.example"})
    said = Client(token).im.message.add("chat1", message="from the new address").result
    assert token.domain == "moved.example"
    assert shown(said)["author"] == 1


client = webhook()
batches(client)
move(application())
print("all is well")
