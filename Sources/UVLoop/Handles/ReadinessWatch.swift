import CUV

/// Wakes a task when a descriptor can be read or written; once for each ``start(_:)``.
///
/// The descriptor is the maker's, who closes it after this. It must not be one that libuv watches
/// already, such as a transport's: a duplicate serves. It becomes non-blocking, and with it all its
/// duplicates.
///
/// Binds `uv_poll_t`.
final class ReadinessWatch: Handle {
    private let room: WaitingRoom
    private(set) var isReady = false

    /// Makes one at rest.
    ///
    /// Binds `uv_poll_init`.
    ///
    /// - Parameter room: where the task waits.
    /// - Throws: ``UVError/notPermitted`` for a file whose reading and writing never waits.
    init(_ loop: EventLoop, _ descriptor: Int32, waking room: WaitingRoom) throws(UVError) {
        self.room = room
        try super.init(loop, uv_poll_t.self, madeAt: SourcePlace(file: #fileID, line: #line)) {
            uv_poll_init($0, $1, descriptor)
        }
    }

    /// Begins to watch. An error and a hang-up count as ready, too: who tries finds out.
    ///
    /// Binds `uv_poll_start`.
    func start(_ event: uv_poll_event) {
        isReady = false
        guard isOpen else { return }
        holdByLoop()
        uv_poll_start(memory(as: uv_poll_t.self), Int32(event.rawValue)) { handle, _, _ in
            let watch = unsafeDowncast(
                Unmanaged<Handle>.fromOpaque(handle!.pointee.data).takeUnretainedValue(),
                to: ReadinessWatch.self)
            watch.becameReady()
        }
    }

    private func becameReady() {
        uv_poll_stop(memory(as: uv_poll_t.self))
        isReady = true
        room.wake(loop.core)
        releaseByLoop()
        loop.core.drainIfNeeded()
    }
}
