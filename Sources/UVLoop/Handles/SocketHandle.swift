import CUV

// What handles that own a socket have in common.
extension Handle {
    /// Throws ``UVError/badFileDescriptor`` once the handle is closed.
    final func checkOpen() throws(UVError) {
        guard isOpen else { throw .badFileDescriptor }
    }

    /// The socket's descriptor.
    final var socketDescriptor: Int32 {
        get throws(UVError) {
            try checkOpen()
            var descriptor: uv_os_fd_t = -1
            try UVError.check(uv_fileno(raw, &descriptor))
            return descriptor
        }
    }

    /// Keeps others of the loop from watching the socket's descriptor until the handle is closed:
    /// to be called when it starts to work.
    final func ownDescriptor() {
        if let descriptor = try? socketDescriptor { loop.core.ownedDescriptors.insert(descriptor) }
    }

    /// Ends what ``ownDescriptor()`` began, if that was called.
    final func disownDescriptor() {
        var descriptor: uv_os_fd_t = -1
        if uv_fileno(raw, &descriptor) == 0 { loop.core.ownedDescriptors.remove(descriptor) }
    }

    /// Calls `uv_send_buffer_size` or `uv_recv_buffer_size`: with 0 to ask, else to set.
    final func socketBufferSize(
        _ function: (UnsafeMutablePointer<uv_handle_t>?, UnsafeMutablePointer<Int32>?) -> Int32,
        _ size: Int32
    ) throws(UVError) -> Int {
        try checkOpen()
        var value = size
        try UVError.check(function(raw, &value))
        return Int(value)
    }

    /// Sets an integer option of the socket.
    final func setOption(_ level: Int, _ name: Int, to value: Int) throws(UVError) {
        try UVError.check(
            cuv_set_option(try socketDescriptor, Int32(level), Int32(name), Int32(clamping: value)))
    }

    /// An integer option of the socket.
    final func option(_ level: Int, _ name: Int) throws(UVError) -> Int {
        var value: Int32 = 0
        try UVError.check(cuv_get_option(try socketDescriptor, Int32(level), Int32(name), &value))
        return Int(value)
    }
}
