import CUV

extension DatagramTransport {
    // MARK: Datagrams

    /// Sends a datagram, which may be empty. It is sent or copied (an array is kept instead) before
    /// this returns.
    ///
    /// What the system refuses at once is thrown, and the datagram is not sent; the socket goes on.
    /// That may be about an earlier one, if the socket is connected:
    /// ``UVError/connectionRefused``. Once a datagram is queued, its errors come to
    /// ``DatagramProtocol/errorReceived(_:)``.
    ///
    /// Binds `uv_udp_try_send`, `uv_udp_send`.
    ///
    /// - Parameters:
    ///   - bytes: at most 65,507 over IPv4.
    ///   - address: where to; nil for the peer of a connected socket, which has no other.
    /// - Throws: ``UVError/messageTooLong``, ``UVError/networkUnreachable``,
    ///   ``UVError/permissionDenied`` for a broadcast that has not been allowed, and the like;
    ///   ``UVError/destinationAddressRequired`` or ``UVError/socketIsConnected`` if the address is
    ///   missing or one too many; ``UVError/badFileDescriptor`` after ``close()`` or ``abort()``.
    public func send(
        _ bytes: some ByteContainer, to address: SocketAddress? = nil
    ) throws(UVError) {
        if try !sendNow(bytes, to: address) { queueUp(CollectionOfOne(bytes), to: address) }
    }

    /// Sends the bytes of a span as one datagram, such as the one that `datagramReceived` was
    /// handed.
    ///
    /// - Throws: as ``send(_:to:)-(ByteContainer,_)``.
    public func send(_ bytes: RawSpan, to address: SocketAddress? = nil) throws(UVError) {
        try bytes.withUnsafeBytes { bytes throws(UVError) in try send(bytes, to: address) }
    }

    /// Sends any other collection of bytes, such as Foundation's `Data`, as one datagram.
    ///
    /// - Throws: as ``send(_:to:)-(ByteContainer,_)``.
    @_disfavoredOverload
    public func send(
        _ bytes: some Collection<UInt8>, to address: SocketAddress? = nil
    ) throws(UVError) {
        try bytes.withContiguousBytes { bytes in
            Result { () throws(UVError) in try send(bytes, to: address) }
        }.get()
    }

    /// Sends several datagrams to the same address, in order, up to twenty with one system call.
    ///
    /// They are copied (arrays are kept instead) and queued, even if the system has room: so an
    /// error of one comes to ``DatagramProtocol/errorReceived(_:)``, and the others are sent.
    ///
    /// Binds `uv_udp_send`.
    ///
    /// - Throws: as ``send(_:to:)-(ByteContainer,_)``, for what is wrong with the socket or the
    ///   address; nothing is sent then.
    public func sendAll(
        _ datagrams: [some ByteContainer], to address: SocketAddress? = nil
    ) throws(UVError) {
        try checkCanSend(to: address)
        queueUp(datagrams, to: address)
    }

    func checkCanSend(to address: SocketAddress?) throws(UVError) {
        loop.assertOnThread()
        guard phase == .open, isOpen else { throw .badFileDescriptor }
        guard (address == nil) == (remoteAddress != nil) else {
            throw address == nil ? .destinationAddressRequired : .socketIsConnected
        }
    }

    /// Tries the system, if nothing is queued before. False if it has no room, or if so many have
    /// been sent that the loop has to go on first.
    func sendNow(
        _ bytes: some ByteContainer, to address: SocketAddress?
    ) throws(UVError) -> Bool {
        try checkCanSend(to: address)
        guard queue.isEmpty, budget.takeOne(in: loop.core.epoch) else { return false }
        let result = bytes.withUnsafeBytes { bytes in
            var buffer = uv_buf_t(bytes)
            guard let address else { return uv_udp_try_send(udp, &buffer, 1, nil) }
            return address.withSockaddr { address, _ in uv_udp_try_send(udp, &buffer, 1, address) }
        }
        if result == UV_EAGAIN.rawValue { return false }
        try UVError.check(result)
        return true
    }

    /// Queues datagrams, after a check.
    ///
    /// - Parameter completion: called for each, once, later: with nil when the system has taken it.
    ///   Without one, an error goes to the protocol.
    func queueUp<Bytes: ByteContainer>(
        _ datagrams: some Sequence<Bytes>, to address: SocketAddress?,
        completion: ((UVError?) -> Void)? = nil
    ) {
        for bytes in datagrams {
            let chunk =
                (bytes as? [UInt8]).map { OutboundChunk(keeping: $0, from: 0) }
                ?? bytes.withUnsafeBytes { OutboundChunk(copying: $0) }
            queue.append(OutboundDatagram(chunk: chunk, address: address, completion: completion))
        }
        handOver()
        pauseIfNeeded()
    }

    // MARK: Back-pressure

    /// How many bytes are queued and not yet taken by the system, with eight for the header of each
    /// datagram. Stands for `uv_udp_get_send_queue_size`.
    public var bufferedByteCount: Int { queue.byteCount }

    /// How many datagrams are queued and not yet taken by the system. Stands for
    /// `uv_udp_get_send_queue_count`.
    public var bufferedDatagramCount: Int { queue.count }

    /// Sets between which amounts of queued bytes the protocol is paused and resumed: it is paused
    /// strictly above `high`, resumed at `low` or below. At first 65,536 and 16,384.
    ///
    /// - Parameters:
    ///   - low: nil for a quarter of `high`.
    ///   - high: nil for four times `low`. With neither, the marks become what they were at first.
    /// - Throws: ``UVError/invalidArgument`` unless 0 ≤ low ≤ high.
    public func setWriteBufferLimits(low: Int? = nil, high: Int? = nil) throws(UVError) {
        loop.assertOnThread()
        marks = try WaterMarks(low: low, high: high)
        pauseIfNeeded()
    }

    /// The amounts of queued bytes between which the protocol is resumed and paused.
    public var writeBufferLimits: (low: Int, high: Int) { (marks.low, marks.high) }

    private func pauseIfNeeded() {
        guard !isWritingPaused, queue.byteCount > marks.high else { return }
        isWritingPaused = true
        call("pauseWriting") { try $0.pauseWriting() }
    }

    private func resumeIfPossible() {
        guard isWritingPaused, phase == .open, queue.byteCount <= marks.low else { return }
        isWritingPaused = false
        call("resumeWriting") { try $0.resumeWriting() }
    }

    // MARK: The way out

    /// Hands the next batch to libuv, if that has none.
    private func handOver() {
        guard queue.handedOverCount == 0 else { return }
        while let datagram = queue.handOver() { DatagramSendRequest.start(datagram, on: self) }
    }

    /// libuv has done with a datagram.
    func sendEnded(_ datagram: OutboundDatagram, _ status: Int32) {
        // Closed inside a receive callback, libuv may still try to send, without a descriptor.
        let isCancelled = status < 0 && phase == .closed
        queue.ended(datagram, isCancelled ? UV_ECANCELED.rawValue : status)
        // Only after the last one of the batch, so that what is sent meanwhile stays behind those
        // that have to be sent again.
        guard queue.handedOverCount == 0 else { return }
        guard phase != .closed else { return finish(queue.dropAll()) }
        let outcomes = queue.endBatch()
        handOver()
        finish(outcomes)
        resumeIfPossible()
        closeIfSent()
        loop.core.drainIfNeeded()
    }

    /// Tells whom it concerns how datagrams have ended.
    func finish(_ outcomes: [OutboundDatagramQueue.Outcome]) {
        for outcome in outcomes {
            if let completion = outcome.completion {
                completion(outcome.error)
            } else if let error = outcome.error, phase != .closed {
                errorOccurred(error)
            }
        }
    }
}
