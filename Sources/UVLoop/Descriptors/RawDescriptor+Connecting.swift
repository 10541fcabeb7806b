import CUV

extension RawDescriptor {
    // MARK: Connections

    /// Connects a socket. Stands for `sock_connect`.
    ///
    /// - Parameters:
    ///   - address: a numeric address or the name of a Unix-domain socket; nothing is looked up.
    ///   - timeout: how long; nil for as long as the system tries.
    /// - Throws: ``EndpointError`` with the address and what the system says, such as
    ///   ``UVError/connectionRefused``; else as all operations. After a cancelled or timed-out
    ///   attempt the system goes on trying: close the socket.
    public nonisolated(nonsending) func connect(
        to address: SocketAddress, timeout: Duration? = nil
    ) async throws {
        let deadline = SocketStream.deadline(timeout)
        try await atHome {
            do {
                var isUnderWay = false
                _ = try await retrying(.writable, until: deadline) {
                    Int(Self.connect(descriptor, address, &isUnderWay))
                }
            } catch let error as UVError where error != .resourceBusy {
                throw EndpointError(.connect, "\(address)", error)
            }
        }
    }

    /// Begins to connect, or looks how far that has come.
    private static func connect(
        _ descriptor: Int32, _ address: SocketAddress, _ isUnderWay: inout Bool
    ) -> Int32 {
        var code: Int32 = 0
        if isUnderWay {
            let result = cuv_get_option(descriptor, SOL_SOCKET, SO_ERROR, &code)
            return result < 0 ? result : code == 0 ? 0 : UVError(errno: code).rawValue
        }
        // A listener of the Unix domain whose queue is full says that it would block as well, but
        // no socket is ever ready for that: that is an error here, as it is in asyncio.
        let result = address.withSockaddr { cuv_connect(descriptor, $0, $1) }
        guard result == 0 else {
            return result == UV_EAGAIN.rawValue ? UV_ENOBUFS.rawValue : result
        }
        isUnderWay = !cuv_is_connected(descriptor)
        return isUnderWay ? UV_EAGAIN.rawValue : 0
    }

    /// Takes the next connection of a listening socket, or waits for it. Stands for `sock_accept`.
    ///
    /// - Parameter timeout: how long; nil for as long as it takes.
    /// - Returns: a descriptor, which is the caller's to close: non-blocking and close-on-exec; and
    ///   the peer's address, nil if its family is none of those of ``SocketAddress``.
    /// - Throws: as all operations; a cancelled one has taken nothing.
    public nonisolated(nonsending) func accept(
        timeout: Duration? = nil
    ) async throws -> (descriptor: RawDescriptor, peer: SocketAddress?) {
        let deadline = SocketStream.deadline(timeout)
        return try await atHome {
            var peer = sockaddr_storage()
            var length: socklen_t = 0
            let accepted = try await retrying(.readable, until: deadline) {
                Int(cuv_accept(descriptor, &peer, &length))
            }
            return (
                RawDescriptor(Int32(accepted), on: loop),
                SocketAddress(copying: peer, length: length)
            )
        }
    }
}
