import CUV

/// Which loop the calling thread is running, if any.
enum CurrentLoop {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let result = pthread_key_create(&key, nil)
        precondition(result == 0, "pthread_key_create: \(UVError(errno: result))")
        return key
    }()

    static func get() -> EventLoop? {
        pthread_getspecific(key).map {
            Unmanaged<EventLoop>.fromOpaque($0).takeUnretainedValue()
        }
    }

    /// Names the loop that runs from now on and returns the one that ran before. The loop is kept
    /// by whoever runs it.
    static func swap(_ loop: EventLoop?) -> EventLoop? {
        let outer = get()
        pthread_setspecific(key, loop.map { Unmanaged.passUnretained($0).toOpaque() })
        return outer
    }
}
