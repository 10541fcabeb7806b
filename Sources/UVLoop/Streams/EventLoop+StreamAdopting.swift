import CUV

extension EventLoop {
    /// Makes a stream of a descriptor that is connected already: a TCP socket, a Unix-domain
    /// socket, or either end of a pipe or FIFO. From any task.
    ///
    /// The descriptor is the stream's from then on: it must not be used or closed elsewhere. The
    /// three standard ones stay open at its end. If this throws, it is still the caller's. Of a
    /// pipe, the writing end receives nil at once, and the reading end refuses to send with
    /// ``StreamError/broken(_:)``, ``UVError/notSupported``.
    ///
    /// Binds `uv_guess_handle`, `uv_tcp_open`, `uv_pipe_open`.
    ///
    /// - Throws: ``UVError/inappropriateFileType`` for a regular file, a device, a terminal, a
    ///   datagram socket or a FIFO opened in both directions; ``UVError/notConnected`` for a socket
    ///   that is not connected; ``UVError/badFileDescriptor``.
    public nonisolated(nonsending) func adopt(
        descriptor: Int32, file: StaticString = #fileID, line: UInt = #line
    ) async throws -> SocketStream {
        guard isOnThread else {
            return try await visit {
                try await self.adopt(descriptor: descriptor, file: file, line: line)
            }
        }
        return try stream(adopting: descriptor, SourcePlace(file: file, line: line))
    }

    private nonisolated func stream(
        adopting descriptor: Int32, _ place: SourcePlace
    ) throws -> SocketStream {
        let stream = StreamCore(on: core)
        let transport = try adopt(
            descriptor, ProtocolReference(entry: core.streamEntry, object: stream), place)
        return SocketStream(stream, transport)
    }

    /// Two streams that are connected with each other, over a pair of Unix-domain sockets.
    ///
    /// Binds `uv_socketpair`.
    public nonisolated(nonsending) func streamPair() async throws -> (SocketStream, SocketStream) {
        let (first, second) = try EventLoop.socketPair()
        return try await streams(adopting: first, second)
    }

    /// The two ends of a new pipe, as streams in one direction each. Binds `uv_pipe`.
    public nonisolated(nonsending) func streamPipe() async throws
        -> (reading: SocketStream, writing: SocketStream)
    {
        let (reading, writing) = try EventLoop.pipe()
        return try await streams(adopting: reading, writing)
    }

    /// Both descriptors become streams, or are closed.
    private nonisolated(nonsending) func streams(
        adopting first: Int32, _ second: Int32
    ) async throws -> (SocketStream, SocketStream) {
        let stream: SocketStream
        do {
            stream = try await adopt(descriptor: first)
        } catch {
            cuv_close(first)
            cuv_close(second)
            throw error
        }
        do {
            return (stream, try await adopt(descriptor: second))
        } catch {
            stream.abort()
            cuv_close(second)
            throw error
        }
    }
}
