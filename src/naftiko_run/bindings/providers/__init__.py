"""The providers that are built in, one module each; entry points name them like anyone's."""
