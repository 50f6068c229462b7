use std::{fs, io, path::PathBuf, time::SystemTime};

use b24bot_core::{Entry, EntryId, Envelope, Inbox, Progress, Settled, Which, decode};
use b24bot_store::MemoryStore;
use tempfile::TempDir;

use super::*;

struct Served {
    store: Arc<MemoryStore>,
    server: DeskServer,
    remote: Remote,
    path: PathBuf,
    _folder: TempDir,
}

async fn served() -> Served {
    let folder = TempDir::new().unwrap();
    // Longer than the paths of Unix sockets can be.
    let path = folder.path().join("x".repeat(150));
    let store = Arc::new(MemoryStore::default());
    let desk: Arc<dyn Desk> = Arc::clone(&store) as _;
    let server = serve(desk, &path).await.unwrap();
    let remote = Remote::beside(&path).unwrap();
    Served { store, server, remote, path, _folder: folder }
}

fn message(id: u64) -> Envelope {
    // A byte that is no UTF-8 stands in it, as a portal may send it.
    let mut body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}&data[PARAMS][DIALOG_ID]=27\
         &auth[member_id]=m&data[PARAMS][MESSAGE]="
    )
    .into_bytes();
    body.push(0xff);
    Envelope::new(decode(&body).unwrap().remove(0), SystemTime::UNIX_EPOCH)
}

async fn set_aside(store: &MemoryStore) -> Entry {
    let entry = store.next().await.unwrap().unwrap();
    let mut progress = Progress::default();
    progress.attempts = 5;
    progress.error = "the portal refused: \"ACCESS_DENIED\"".to_owned();
    progress.finished.push("Likes".to_owned());
    store.settle(&entry, Settled::Dead(progress)).await.unwrap();
    entry
}

#[tokio::test]
async fn from_afar_everything_is_as_at_the_desk_itself() {
    let Served { store, remote, server, _folder, .. } = served().await;
    store.put(vec![message(1), message(2), message(3)]).await.unwrap();
    let first = set_aside(&store).await;
    let second = set_aside(&store).await;
    assert_eq!(remote.stats().await.unwrap(), store.stats().await.unwrap());
    assert_eq!(remote.stats().await.unwrap().dead, 2);
    for which in [Which::Dead, Which::Pending] {
        for after in [None, Some(first.id)] {
            let (near, far) =
                (store.list(which, after, 1).await.unwrap(), remote.list(which, after, 1).await.unwrap());
            assert_eq!(near, far);
            assert_eq!(near.len(), 1, "{which:?} {after:?}");
        }
    }
    let (listed, envelope) = remote.show(first.id).await.unwrap().unwrap();
    let (near, near_envelope) = store.show(first.id).await.unwrap().unwrap();
    assert_eq!(listed, near);
    assert_eq!(envelope.to_stored(), near_envelope.to_stored());
    assert!(remote.show(EntryId(99)).await.unwrap().is_none());

    let retried = remote.retry(first.id).await.unwrap().unwrap();
    assert!(remote.retry(retried).await.unwrap().is_none(), "it is not set aside any longer");
    assert_eq!(store.next().await.unwrap().unwrap().id, retried);
    assert!(remote.purge(second.id).await.unwrap());
    assert!(!remote.purge(second.id).await.unwrap());
    assert_eq!(store.stats().await.unwrap().dead, 0);
    server.stop().await;
}

#[tokio::test]
async fn nobody_is_answered_who_has_not_read_the_file() {
    let Served { path, server, _folder, .. } = served().await;
    let file = beside(&path);
    let written: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let (address, token) = (written["address"].as_str().unwrap(), written["token"].as_str().unwrap());
    assert_eq!(token.len(), 64);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let status = async |header: Option<String>| {
        let mut request = client.get(format!("http://{address}/stats"));
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(Some(format!("Bearer {token}"))).await, 200);
    for header in
        [None, Some(String::new()), Some("Bearer ".to_owned()), Some(format!("Bearer {}", &token[1..]))]
    {
        assert_eq!(status(header).await, 403);
    }
    assert!(!format!("{server:?}").contains(token), "{server:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    server.stop().await;
    assert!(!file.exists());
}

#[tokio::test]
async fn a_file_that_a_crash_has_left_is_replaced_and_another_bots_is_not_removed() {
    let Served { path, server: old, store, _folder, .. } = served().await;
    let new = serve(Arc::clone(&store) as Arc<dyn Desk>, &path).await.unwrap();
    drop(old);
    let remote = Remote::beside(&path).unwrap();
    assert_eq!(remote.stats().await.unwrap().pending, 0);
    new.stop().await;
    assert_eq!(Remote::beside(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[tokio::test]
async fn a_desk_that_cannot_be_asked_is_explained() {
    let Served { path, server, _folder, .. } = served().await;
    let remote = Remote::beside(&path).unwrap();
    server.stop().await;
    assert!(remote.stats().await.is_err(), "nobody is there any longer");
    let none = ask(&path).await.unwrap_err().to_string();
    assert!(none.contains("is in use by another process") && none.contains("try again"), "{none}");
    fs::write(beside(&path), r#"{"address": "192.0.2.1:80", "token": "s3cret"}"#).unwrap();
    let elsewhere = ask(&path).await.unwrap_err().to_string();
    assert!(elsewhere.contains("not of this machine") && !elsewhere.contains("s3cret"), "{elsewhere}");
}

fn beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".desk.json");
    name.into()
}
