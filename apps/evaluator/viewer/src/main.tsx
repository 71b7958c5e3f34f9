import { render } from 'solid-js/web';
import { App } from './app.js';
import './styles/base.css';
import './styles/parts.css';
import './styles/tokens.css';

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no element #app');
render(() => <App />, place);
