/// Bytes as they come: what iterating over a stream gives.
///
/// ```swift
/// for try await chunk in stream { try await stream.send(chunk) }
/// ```
extension SocketStream: AsyncSequence {
    /// Bytes, at least one.
    public typealias Element = [UInt8]

    /// Receives what is there, again and again, until the end of the stream.
    public struct AsyncIterator: AsyncIteratorProtocol {
        @usableFromInline let stream: SocketStream

        @inlinable
        init(stream: SocketStream) { self.stream = stream }

        /// What is there, at least one byte; nil at the end. Throws as
        /// ``SocketStream/receive(upTo:timeout:)``.
        @inlinable
        public mutating func next() async throws -> [UInt8]? { try await stream.receive() }

        /// The same, where the caller is.
        @inlinable
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> [UInt8]? {
            try await stream.receive()
        }
    }

    /// Begins where the last receive has ended. Iterating is receiving: two at once are
    /// ``StreamError/busy``.
    @inlinable
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }
}
