import CUV

/// What a descriptor is that somebody hands over: which transport it makes, or none.
struct AdoptedKind {
    let kind: Transport.Kind
    let directions: ConnectionState.Directions
    /// Nil for a pipe.
    let peer: SocketAddress?

    /// Looks, and changes nothing.
    ///
    /// Binds `uv_guess_handle`.
    ///
    /// - Throws: ``UVError/badFileDescriptor``; ``UVError/notConnected`` for a socket without a
    ///   peer; ``UVError/inappropriateFileType`` for what is no stream of bytes with a peer.
    init(of descriptor: Int32) throws(UVError) {
        let mode = try UVError.check(cuv_access_mode(descriptor))
        let guess = uv_guess_handle(descriptor)
        guard guess == UV_TCP || guess == UV_NAMED_PIPE else { throw .inappropriateFileType }
        kind = guess == UV_TCP ? .tcp : .pipe
        do throws(UVError) {
            peer = try SocketAddress { cuv_peer_address(descriptor, $0, $1) }
            directions = .both
        } catch .notSocket {
            // A pipe that is open in both directions has no other side.
            guard mode != O_RDWR else { throw .inappropriateFileType }
            peer = nil
            directions = mode == O_RDONLY ? .receiving : .sending
        }
    }
}
