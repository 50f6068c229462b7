//! Reading a body that anyone may have sent.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refusal;

/// The largest body that is taken: several times what a message of 20,000 characters needs, percent-encoded.
pub(super) const BODY_LIMIT: usize = 1024 * 1024;
/// What is beyond the limit is read too, up to this many bytes, and dropped: a sender whose connection closes while it
/// still writes would see that, and not the answer.
const DROPPED: usize = 4 * BODY_LIMIT;
/// How much of a body always has room: events are rarely larger. More is taken in steps of as much.
const STEP: usize = 64 * 1024;
/// How many bytes of all bodies may be in memory beyond that.
const SHARED: usize = 64 * 1024 * 1024;
/// In how many pieces a body may come. The network makes fewer than a thousand of the largest.
const PIECES: usize = 16 * 1024;

/// What bodies larger than a step share.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// A body, and the room that it takes until this is dropped.
pub(super) struct Received {
    pub(super) body: Arc<[u8]>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(SHARED / STEP)))
    }
}

impl Room {
    /// Reads a body up to the limit.
    pub(super) async fn read(&self, body: Body) -> Result<Received, Refusal> {
        if body.size_hint().lower() > DROPPED as u64 {
            return Err(Refusal::TooLarge);
        }
        let mut chunks = body.into_data_stream();
        // Mostly all of it.
        let mut first = Bytes::new();
        let mut joined = Vec::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        let (mut received, mut pieces) = (0, 0);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refusal::Interrupted)?;
            received += chunk.len();
            pieces += 1;
            if received > DROPPED || pieces > PIECES {
                return Err(Refusal::TooLarge);
            }
            if received > BODY_LIMIT {
                (first, joined, room) = (Bytes::new(), Vec::new(), None);
                continue;
            }
            if first.is_empty() {
                first = chunk;
                continue;
            }
            if joined.is_empty() {
                joined.reserve_exact(STEP.max(first.len() + chunk.len()));
                joined.extend_from_slice(&first);
            }
            while received > STEP * (1 + room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)) {
                let more = Arc::clone(&self.0).try_acquire_owned().map_err(|_| Refusal::Crowded)?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
            }
            if joined.capacity() < received {
                joined.reserve_exact(STEP.max(chunk.len()));
            }
            joined.extend_from_slice(&chunk);
        }
        if received > BODY_LIMIT {
            return Err(Refusal::TooLarge);
        }
        Ok(Received { body: Arc::from(if joined.is_empty() { &*first } else { &*joined }), _room: room })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};

    use super::*;

    fn pieces(piece: usize, count: usize) -> impl Iterator<Item = Result<Vec<u8>, std::io::Error>> {
        std::iter::repeat_with(move || Ok(vec![b'a'; piece])).take(count)
    }

    fn in_pieces(piece: usize, count: usize) -> Body {
        Body::from_stream(stream::iter(pieces(piece, count)))
    }

    async fn read(room: &Room, body: Body) -> Result<usize, Refusal> {
        room.read(body).await.map(|received| received.body.len())
    }

    #[tokio::test]
    async fn a_body_may_be_large_or_in_pieces_but_not_too_much_of_either() {
        let room = Room::default();
        for (piece, count) in [(BODY_LIMIT, 1), (STEP, 16), (1_448, 724), (64, PIECES), (1, PIECES), (0, 5)] {
            assert_eq!(read(&room, in_pieces(piece, count)).await.ok(), Some(piece * count), "{piece}");
        }
        for (piece, count) in [(BODY_LIMIT + 1, 1), (STEP, 17), (STEP, 100), (1, PIECES + 1), (0, PIECES + 1)]
        {
            assert!(matches!(read(&room, in_pieces(piece, count)).await, Err(Refusal::TooLarge)), "{piece}");
        }
        let announced = Body::from(vec![b'a'; DROPPED + 1]);
        assert!(matches!(read(&room, announced).await, Err(Refusal::TooLarge)));
        assert_eq!(room.0.available_permits(), SHARED / STEP, "all room is given back");
    }

    #[tokio::test]
    async fn large_bodies_share_their_room_and_small_ones_need_none() {
        let room = Room::default();
        let large = || in_pieces(STEP, 16);
        let mut held = Vec::new();
        while let Ok(received) = room.read(large()).await {
            held.push(received);
        }
        assert_eq!(held.len(), SHARED / (15 * STEP));
        assert!(matches!(read(&room, large()).await, Err(Refusal::Crowded)));
        assert_eq!(read(&room, in_pieces(1_000, 60)).await.ok(), Some(60_000));
        held.pop();
        assert!(read(&room, large()).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_gives_its_room_back() {
        let room = Room::default();
        let pieces = stream::iter(pieces(STEP, 4));
        {
            let stalled = Body::from_stream(pieces.chain(stream::pending()));
            let mut reading = Box::pin(room.read(stalled));
            while room.0.available_permits() > SHARED / STEP - 3 {
                assert!((&mut reading).now_or_never().is_none());
            }
        }
        assert_eq!(room.0.available_permits(), SHARED / STEP);
    }
}
