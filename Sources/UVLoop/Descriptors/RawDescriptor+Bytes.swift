import CUV

extension RawDescriptor {
    // MARK: Bytes

    /// Takes what is there to be read, or waits for it. Stands for `sock_recv`.
    ///
    /// - Parameters:
    ///   - count: how many bytes at most, at least 1.
    ///   - timeout: how long; nil for as long as it takes.
    /// - Returns: at least one byte; none at the end.
    /// - Throws: as all operations; a cancelled one has taken nothing.
    public nonisolated(nonsending) func receive(
        upTo count: Int, timeout: Duration? = nil
    ) async throws -> [UInt8] {
        guard count > 0 else { throw UVError.invalidArgument }
        let deadline = SocketStream.deadline(timeout)
        return try await atHome {
            // Only as much memory as has come: the loop's own takes it first.
            let shared = loop.core.readBuffers.small
            var bytes: [UInt8] = []
            _ = try await retrying(.readable, until: deadline) {
                if count <= shared.count {
                    let result = cuv_read(descriptor, shared.baseAddress, count)
                    if result > 0 { bytes = [UInt8](shared[..<result]) }
                    return result
                }
                var result = 0
                bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                    result = cuv_read(descriptor, buffer.baseAddress, count)
                    filled = max(0, result)
                }
                return result
            }
            return bytes
        }
    }

    /// The same into the caller's memory, which has to be there until this returns. Stands for
    /// `sock_recv_into`.
    ///
    /// - Returns: how many bytes have come; 0 at the end.
    /// - Throws: as ``receive(upTo:timeout:)``.
    public nonisolated(nonsending) func receive(
        into memory: UnsafeMutableRawBufferPointer, timeout: Duration? = nil
    ) async throws -> Int {
        guard memory.count > 0 else { throw UVError.invalidArgument }
        let deadline = SocketStream.deadline(timeout)
        // Sound: the caller waits here while it is used.
        nonisolated(unsafe) let memory = memory
        return try await atHome {
            try await retrying(.readable, until: deadline) {
                cuv_read(descriptor, memory.baseAddress, memory.count)
            }
        }
    }

    /// Sends all bytes, in as many pieces as the system takes them. Stands for `sock_sendall`.
    ///
    /// - Parameter timeout: for all of it; nil for as long as it takes.
    /// - Throws: as all operations. If it throws after it has waited, a part may have been sent,
    ///   and nobody knows how much.
    public nonisolated(nonsending) func sendAll(
        _ bytes: some ByteContainer & Sendable, timeout: Duration? = nil
    ) async throws {
        let deadline = SocketStream.deadline(timeout)
        try await atHome {
            var sent = 0
            repeat {
                let start = sent
                sent += try await retrying(.writable, until: deadline) {
                    bytes.withUnsafeBytes {
                        cuv_send(descriptor, $0.baseAddress.map { $0 + start }, $0.count - start)
                    }
                }
            } while sent < bytes.withUnsafeBytes { $0.count }
        }
    }

    // MARK: Datagrams

    /// Takes a datagram, or waits for one; empty ones are datagrams, too. Stands for
    /// `sock_recvfrom`.
    ///
    /// - Parameters:
    ///   - count: how many bytes at most; what is beyond is lost, see ``Datagram/isTruncated``.
    ///   - timeout: how long; nil for as long as it takes.
    /// - Returns: the datagram; of a socket that has no name the sender is the unnamed address.
    /// - Throws: as all operations; a cancelled one has taken nothing.
    public nonisolated(nonsending) func receiveDatagram(
        upTo count: Int = 65_536, timeout: Duration? = nil
    ) async throws -> Datagram {
        guard count >= 0 else { throw UVError.invalidArgument }
        let deadline = SocketStream.deadline(timeout)
        return try await atHome {
            var bytes: [UInt8] = []
            var sender = SocketAddress.unnamed
            let shared = loop.core.readBuffers.small
            let room = min(count, shared.count)
            let length = try await retrying(.readable, until: deadline) {
                let (result, address) = Self.receive(
                    from: descriptor, UnsafeMutableRawBufferPointer(rebasing: shared[..<room]))
                if result >= 0 {
                    bytes = [UInt8](shared[..<min(result, room)])
                    sender = address
                }
                return result
            }
            return Datagram(bytes, from: sender, isTruncated: length > room)
        }
    }

    /// The same into the caller's memory, which has to be there until this returns. Stands for
    /// `sock_recvfrom_into`.
    ///
    /// - Throws: as ``receiveDatagram(upTo:timeout:)``.
    public nonisolated(nonsending) func receiveDatagram(
        into memory: UnsafeMutableRawBufferPointer, timeout: Duration? = nil
    ) async throws -> DatagramSocket.Received {
        let deadline = SocketStream.deadline(timeout)
        // Sound: the caller waits here while it is used.
        nonisolated(unsafe) let memory = memory
        return try await atHome {
            var sender = SocketAddress.unnamed
            let length = try await retrying(.readable, until: deadline) {
                let (result, address) = Self.receive(from: descriptor, memory)
                sender = address
                return result
            }
            return DatagramSocket.Received(
                byteCount: min(length, memory.count), sender: sender,
                isTruncated: length > memory.count)
        }
    }

    /// Sends one datagram, which may be empty. Stands for `sock_sendto`.
    ///
    /// - Parameters:
    ///   - address: where to; nil for the peer of a connected socket.
    ///   - timeout: how long to wait for room; nil for as long as it takes.
    /// - Throws: as all operations; the datagram has not been sent then.
    public nonisolated(nonsending) func sendDatagram(
        _ bytes: some ByteContainer & Sendable, to address: SocketAddress? = nil,
        timeout: Duration? = nil
    ) async throws {
        let deadline = SocketStream.deadline(timeout)
        try await atHome {
            _ = try await retrying(.writable, until: deadline) {
                bytes.withUnsafeBytes { bytes in
                    let send = { (address: UnsafePointer<sockaddr>?, length: socklen_t) in
                        Int(
                            cuv_send_to(descriptor, bytes.baseAddress, bytes.count, address, length)
                        )
                    }
                    return address.map { $0.withSockaddr(send) } ?? send(nil, 0)
                }
            }
        }
    }

    private static func receive(
        from descriptor: Int32, _ memory: UnsafeMutableRawBufferPointer
    ) -> (Int, SocketAddress) {
        var sender = sockaddr_storage()
        var length: socklen_t = 0
        let result = cuv_receive_from(
            descriptor, memory.baseAddress, memory.count, &sender, &length)
        let address = length > 0 ? SocketAddress(copying: sender, length: length) : nil
        return (result, address ?? .unnamed)
    }
}
