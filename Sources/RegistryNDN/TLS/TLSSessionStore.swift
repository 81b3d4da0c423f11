internal import COpenSSL
internal import NDN
internal import NIOConcurrencyHelpers

/// The last session of each server, so that the next connection there need not begin anew.
///
/// A resumed session is not verified again: it is kept for the very name and port that it was verified for.
final class TLSSessionStore: Sendable {
    /// The owner of an SSL_SESSION, which counts its owners with atomics (`ForeignPointer`, shared).
    private final class Session: Sendable {
        private let owned: ForeignPointer

        init(_ session: OpaquePointer) {
            owned = unsafe ForeignPointer(session)
        }

        deinit {
            unsafe SSL_SESSION_free(pointer)
        }

        var pointer: OpaquePointer { unsafe owned.pointer }
    }

    private static let capacity = 64
    private let sessions = NIOLockedValueBox<[TLSPeer: Session]>([:])

    /// Offers the session that is kept for the peer to a new connection.
    func offer(to ssl: OpaquePointer?, for peer: TLSPeer) {
        guard let session = sessions.withLockedValue({ $0[peer] }) else { return }
        // 1 on success; when it does not fit the connection begins anew.
        _ = unsafe SSL_set_session(ssl, session.pointer)
    }

    /// Keeps the session of a connection, if it is one that can be resumed.
    func keep(from ssl: OpaquePointer?, for peer: TLSPeer) {
        // This reference is ours, and the Session gives it back.
        guard let pointer = unsafe SSL_get1_session(ssl) else { return }
        let session = unsafe Session(pointer)
        guard unsafe SSL_SESSION_is_resumable(pointer) == 1 else { return }
        sessions.withLockedValue { sessions in
            if sessions[peer] == nil, sessions.count >= Self.capacity { sessions.removeAll() }
            sessions[peer] = session
        }
    }
}
