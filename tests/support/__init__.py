"""What tests are made of: fakes, servers, files, pages."""
