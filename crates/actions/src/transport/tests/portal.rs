//! A portal with TLS, which tells the HTTP version it is asked in.

use std::{net::SocketAddr, pin::pin, slice, sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};
use url::Url;

use super::Transport;

pub(super) const H1: &[u8] = b"http/1.1";
pub(super) const H2: &[u8] = b"h2";

/// As by default.
pub(super) const TIMEOUT: Duration = Duration::from_secs(65);

/// What is made of the portal's certificate.
pub(super) type Change = fn(&mut CertificateParams);

pub(super) struct Portal {
    pub(super) url: Url,
    /// The certificate of its issuer.
    root: Vec<u8>,
    pub(super) state: State,
}

#[derive(Clone)]
pub(super) struct State {
    /// How many connections there have been, and how many are left.
    pub(super) connections: watch::Sender<(usize, usize)>,
    /// Whether it takes notice of anything.
    pub(super) awake: watch::Sender<bool>,
}

impl Portal {
    pub(super) async fn start(protocols: &[&[u8]], change: Change) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let chain = vec![params.signed_by(&key, &authority).unwrap().der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = at(listener.local_addr().unwrap());
        let state = State { connections: watch::Sender::new((0, 0)), awake: watch::Sender::new(true) };
        tokio::spawn(state.clone().accept(listener, TlsAcceptor::from(Arc::new(config))));
        Self { url, root: authority.pem().into_bytes(), state }
    }

    /// A client that trusts it.
    pub(super) fn transport(&self) -> Transport {
        Transport::new(TIMEOUT, slice::from_ref(&self.root)).unwrap()
    }

    /// How many connections there have been.
    pub(super) fn connections(&self) -> usize {
        self.state.connections.borrow().0
    }
}

impl State {
    async fn accept(self, listener: TcpListener, tls: TlsAcceptor) {
        while let Ok((stream, _)) = listener.accept().await {
            self.connections.send_modify(|(all, open)| (*all, *open) = (*all + 1, *open + 1));
            let (state, tls) = (self.clone(), tls.clone());
            tokio::spawn(async move {
                state.serve(stream, tls).await;
                state.connections.send_modify(|(_, open)| *open -= 1);
            });
        }
    }

    async fn serve(&self, stream: TcpStream, tls: TlsAcceptor) {
        let Ok(stream) = tls.accept(stream).await else { return };
        let version = |request: Request| async move { format!("{:?}", request.version()) };
        let service = TowerToHyperService::new(Router::new().fallback(version));
        let builder = auto::Builder::new(TokioExecutor::new());
        let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut awake = self.awake.subscribe();
        loop {
            awake.wait_for(|awake| *awake).await.unwrap();
            tokio::select! {
                biased;
                _ = awake.changed() => {}
                _ = &mut served => return,
            }
        }
    }
}

pub(super) fn at(address: SocketAddr) -> Url {
    Url::parse(&format!("https://{address}/rest/1/webh00ksecret/profile")).unwrap()
}
