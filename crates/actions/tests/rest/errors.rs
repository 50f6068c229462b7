//! Every documented error code: what it becomes, and whether it is repeated.

use b24bot_actions::{ErrorCode, ErrorKind, LikeAction, Repeat};

use crate::portal::{Portal, error};

#[tokio::test]
async fn every_documented_code_of_a_like() {
    use Repeat::{AfterRefresh, IfIdempotent, Later, Never};
    let portal = Portal::start([]).await;
    let client = portal.client();
    for (status, code, named, repeat) in [
        (500, "INTERNAL_SERVER_ERROR", ErrorCode::InternalServerError, IfIdempotent),
        (500, "ERROR_UNEXPECTED_ANSWER", ErrorCode::UnexpectedAnswer, IfIdempotent),
        (503, "QUERY_LIMIT_EXCEEDED", ErrorCode::QueryLimitExceeded, Later),
        (429, "QUERY_LIMIT_EXCEEDED", ErrorCode::QueryLimitExceeded, Later),
        (405, "ERROR_BATCH_METHOD_NOT_ALLOWED", ErrorCode::BatchMethodNotAllowed, Never),
        (400, "ERROR_BATCH_LENGTH_EXCEEDED", ErrorCode::BatchLengthExceeded, Never),
        (401, "NO_AUTH_FOUND", ErrorCode::NoAuthFound, Never),
        (400, "INVALID_REQUEST", ErrorCode::InvalidRequest, Never),
        (503, "OVERLOAD_LIMIT", ErrorCode::OverloadLimit, Never),
        (403, "ACCESS_DENIED", ErrorCode::AccessDenied, Never),
        (403, "INVALID_CREDENTIALS", ErrorCode::InvalidCredentials, Never),
        (404, "ERROR_MANIFEST_IS_NOT_AVAILABLE", ErrorCode::ManifestIsNotAvailable, Never),
        (403, "insufficient_scope", ErrorCode::InsufficientScope, Never),
        (401, "expired_token", ErrorCode::ExpiredToken, AfterRefresh),
        (403, "user_access_error", ErrorCode::UserAccessError, Never),
        (500, "PORTAL_DELETED", ErrorCode::PortalDeleted, Never),
        (400, "MESSAGE_ID_ERROR", ErrorCode::MessageIdError, Never),
        (400, "WITHOUT_CHANGES", ErrorCode::WithoutChanges, Never),
        (400, "SOMETHING_NEW", ErrorCode::Other("SOMETHING_NEW".to_owned()), Never),
        (500, "SOMETHING_NEW", ErrorCode::Other("SOMETHING_NEW".to_owned()), IfIdempotent),
        (429, "SOMETHING_NEW", ErrorCode::Other("SOMETHING_NEW".to_owned()), Later),
    ] {
        // A like may be repeated when in doubt, a toggle only when it was certainly not done.
        for (action, requests) in [
            (LikeAction::Plus, if matches!(repeat, Later | IfIdempotent) { 3 } else { 1 }),
            (LikeAction::Auto, if repeat == Later { 3 } else { 1 }),
        ] {
            portal.prepare(vec![error(status, code); requests]);
            let failed = client.like(5.into(), action).await.unwrap_err();
            assert_eq!(failed.kind(), &ErrorKind::Api(named.clone()));
            assert_eq!((failed.status(), failed.repeat()), (Some(status), repeat), "{code}");
            assert_eq!(failed.description().unwrap(), format!("about {code}"));
            assert!(failed.json().unwrap().contains(code));
            assert!(failed.to_string().contains(code));
            assert_eq!(portal.methods().len(), requests, "{status} {code} {action}");
        }
    }
}

#[tokio::test]
async fn nothing_else_is_taken_for_an_answer() {
    use crate::portal::Reply::Text;
    for (reply, repeat) in [
        (Text(200, "<html>".to_owned()), Repeat::IfIdempotent),
        (Text(502, "Bad gateway".to_owned()), Repeat::IfIdempotent),
        (Text(404, "Not found".to_owned()), Repeat::Never),
        (Text(200, format!("\"{}\"", "x".repeat(17 << 20))), Repeat::Never),
    ] {
        let portal = Portal::start([reply]).await;
        let failed = portal.client().call::<bool>("im.message.add", &()).await.unwrap_err();
        assert_eq!((failed.kind(), failed.repeat()), (&ErrorKind::Answer, repeat));
        assert_eq!(portal.methods(), ["im.message.add"]);
    }
}
